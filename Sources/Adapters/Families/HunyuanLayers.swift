/// The layers of HunyuanVideo and HunyuanImage, in diffusers' naming and in Tencent's.
enum HunyuanLayers {
  static let all: [LayerTemplate] = top + refiner + blocks

  private static let top: [LayerTemplate] = [
    LayerTemplate("x_embedder.proj", "img_in.proj"), LayerTemplate("proj_out", "final_layer.linear"),
    LayerTemplate("time_text_embed.timestep_embedder.linear_1", "time_in.mlp.0"),
    LayerTemplate("time_text_embed.timestep_embedder.linear_2", "time_in.mlp.2"),
    LayerTemplate("time_text_embed.guidance_embedder.linear_1", "guidance_in.mlp.0"),
    LayerTemplate("time_text_embed.guidance_embedder.linear_2", "guidance_in.mlp.2"),
    LayerTemplate("time_text_embed.text_embedder.linear_1", "vector_in.in_layer"),
    LayerTemplate("time_text_embed.text_embedder.linear_2", "vector_in.out_layer"),
    LayerTemplate("context_embedder.proj_in", "txt_in.input_embedder"),
    LayerTemplate("context_embedder.time_text_embed.timestep_embedder.linear_1", "txt_in.t_embedder.mlp.0"),
    LayerTemplate("context_embedder.time_text_embed.timestep_embedder.linear_2", "txt_in.t_embedder.mlp.2"),
    LayerTemplate("context_embedder.time_text_embed.text_embedder.linear_1", "txt_in.c_embedder.linear_1"),
    LayerTemplate("context_embedder.time_text_embed.text_embedder.linear_2", "txt_in.c_embedder.linear_2"),
    LayerTemplate("norm_out.linear", nil),
    LayerTemplate(
      "norm_out.linear_exchanged", "final_layer.adaLN_modulation.1", parts: .exchanged("norm_out.linear")),
  ]

  private static let refiner: [LayerTemplate] = .block(
    "context_embedder.token_refiner.refiner_blocks.#", "txt_in.individual_token_refiner.blocks.#",
    [
      LayerTemplate("attn.to_q", nil), LayerTemplate("attn.to_k", nil), LayerTemplate("attn.to_v", nil),
      LayerTemplate("attn.to_qkv", "self_attn_qkv", parts: .attention),
      LayerTemplate("attn.to_out.0", "self_attn_proj"), LayerTemplate("ff.net.0.proj", "mlp.fc1"),
      LayerTemplate("ff.net.2", "mlp.fc2"), LayerTemplate("norm_out.linear", "adaLN_modulation.1"),
    ])

  private static let blocks: [LayerTemplate] =
    [LayerTemplate].block(
      "transformer_blocks.#", "double_blocks.#",
      [
        LayerTemplate("attn.to_q", nil), LayerTemplate("attn.to_k", nil), LayerTemplate("attn.to_v", nil),
        LayerTemplate("attn.to_qkv", "img_attn_qkv", parts: .attention),
        LayerTemplate("attn.add_q_proj", nil), LayerTemplate("attn.add_k_proj", nil),
        LayerTemplate("attn.add_v_proj", nil),
        LayerTemplate("attn.to_added_qkv", "txt_attn_qkv", parts: .addedAttention),
        LayerTemplate("attn.to_out.0", "img_attn_proj"), LayerTemplate("attn.to_add_out", "txt_attn_proj"),
        LayerTemplate("attn.norm_q", "img_attn_q_norm"), LayerTemplate("attn.norm_k", "img_attn_k_norm"),
        LayerTemplate("attn.norm_added_q", "txt_attn_q_norm"), LayerTemplate("attn.norm_added_k", "txt_attn_k_norm"),
        LayerTemplate("ff.net.0.proj", "img_mlp.fc1"), LayerTemplate("ff.net.2", "img_mlp.fc2"),
        LayerTemplate("ff_context.net.0.proj", "txt_mlp.fc1"), LayerTemplate("ff_context.net.2", "txt_mlp.fc2"),
        LayerTemplate("norm1.linear", "img_mod.linear"), LayerTemplate("norm1_context.linear", "txt_mod.linear"),
      ])
    + [LayerTemplate].block(
      "single_transformer_blocks.#", "single_blocks.#",
      [
        LayerTemplate("attn.to_q", nil), LayerTemplate("attn.to_k", nil), LayerTemplate("attn.to_v", nil),
        LayerTemplate("proj_mlp", nil), LayerTemplate("attn.to_qkv_mlp", "linear1", parts: .attentionAndMLP),
        LayerTemplate("proj_out", "linear2"), LayerTemplate("norm.linear", "modulation.linear"),
        LayerTemplate("attn.norm_q", "q_norm"), LayerTemplate("attn.norm_k", "k_norm"),
      ])
}
