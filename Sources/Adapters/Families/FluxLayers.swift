/// The layers of Flux.1 and of Chroma, in diffusers' naming and in Black Forest Labs'.
enum FluxLayers {
  static let flux1 = top + embedders + blocks + modulation
  /// Chroma has a small network in place of all modulation.
  static let chroma = top + guidance + blocks

  private static let top = [
    LayerTemplate("x_embedder", "img_in"), LayerTemplate("context_embedder", "txt_in"),
    LayerTemplate("proj_out", "final_layer.linear"),
  ]

  private static let embedders: [LayerTemplate] = [
    ("timestep_embedder", "time_in"), ("text_embedder", "vector_in"), ("guidance_embedder", "guidance_in"),
  ].flatMap { name, original in
    [
      LayerTemplate("time_text_embed.\(name).linear_1", "\(original).in_layer"),
      LayerTemplate("time_text_embed.\(name).linear_2", "\(original).out_layer"),
    ]
  }

  private static let guidance: [LayerTemplate] =
    [LayerTemplate("distilled_guidance_layer.in_proj"), LayerTemplate("distilled_guidance_layer.out_proj")]
    + [LayerTemplate].block(
      "distilled_guidance_layer.layers.#", "distilled_guidance_layer.layers.#",
      [LayerTemplate("linear_1", "in_layer"), LayerTemplate("linear_2", "out_layer")])

  private static let blocks: [LayerTemplate] =
    [LayerTemplate].block(
      "transformer_blocks.#", "double_blocks.#",
      attention + [
        LayerTemplate("ff.net.0.proj", "img_mlp.0"), LayerTemplate("ff.net.2", "img_mlp.2"),
        LayerTemplate("ff_context.net.0.proj", "txt_mlp.0"), LayerTemplate("ff_context.net.2", "txt_mlp.2"),
      ])
    + [LayerTemplate].block(
      "single_transformer_blocks.#", "single_blocks.#",
      [
        LayerTemplate("attn.to_q", nil), LayerTemplate("attn.to_k", nil), LayerTemplate("attn.to_v", nil),
        LayerTemplate("proj_mlp", nil), LayerTemplate("attn.to_qkv", nil, parts: .attention),
        LayerTemplate("attn.to_qkv_mlp", "linear1", parts: .attentionAndMLP),
        LayerTemplate("proj_out", "linear2"), LayerTemplate("attn.norm_q", "norm.query_norm"),
        LayerTemplate("attn.norm_k", "norm.key_norm"),
      ])

  private static let modulation: [LayerTemplate] =
    [
      LayerTemplate("norm_out.linear", nil),
      LayerTemplate(
        "norm_out.linear_exchanged", "final_layer.adaLN_modulation.1", parts: .exchanged("norm_out.linear")),
    ]
    + [LayerTemplate].block(
      "transformer_blocks.#", "double_blocks.#",
      [LayerTemplate("norm1.linear", "img_mod.lin"), LayerTemplate("norm1_context.linear", "txt_mod.lin")])
    + [LayerTemplate].block(
      "single_transformer_blocks.#", "single_blocks.#", [LayerTemplate("norm.linear", "modulation.lin")])

  /// The attention of a block with two streams, as in Flux.2.
  static let attention: [LayerTemplate] = [
    LayerTemplate("attn.to_q", nil), LayerTemplate("attn.to_k", nil), LayerTemplate("attn.to_v", nil),
    LayerTemplate("attn.to_qkv", "img_attn.qkv", parts: .attention),
    LayerTemplate("attn.add_q_proj", nil), LayerTemplate("attn.add_k_proj", nil),
    LayerTemplate("attn.add_v_proj", nil),
    LayerTemplate("attn.to_added_qkv", "txt_attn.qkv", parts: .addedAttention),
    LayerTemplate("attn.to_out.0", "img_attn.proj"), LayerTemplate("attn.to_add_out", "txt_attn.proj"),
    LayerTemplate("attn.norm_q", "img_attn.norm.query_norm"),
    LayerTemplate("attn.norm_k", "img_attn.norm.key_norm"),
    LayerTemplate("attn.norm_added_q", "txt_attn.norm.query_norm"),
    LayerTemplate("attn.norm_added_k", "txt_attn.norm.key_norm"),
  ]
}
