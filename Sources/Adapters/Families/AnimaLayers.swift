/// The layers of Anima, in diffusers' naming and in its own.
enum AnimaLayers {
  static let all: [LayerTemplate] =
    [
      LayerTemplate("patch_embed.proj", "x_embedder.proj.1"), LayerTemplate("proj_out", "final_layer.linear"),
      LayerTemplate("norm_out.linear_1", "final_layer.adaln_modulation.1"),
      LayerTemplate("norm_out.linear_2", "final_layer.adaln_modulation.2"),
      LayerTemplate("time_embed.t_embedder.linear_1", "t_embedder.1.linear_1"),
      LayerTemplate("time_embed.t_embedder.linear_2", "t_embedder.1.linear_2"),
    ]
    + [LayerTemplate].block(
      "transformer_blocks.#", "blocks.#",
      [("attn1", "self_attn"), ("attn2", "cross_attn")].flatMap { name, original in
        [
          LayerTemplate("\(name).to_q", "\(original).q_proj"), LayerTemplate("\(name).to_k", "\(original).k_proj"),
          LayerTemplate("\(name).to_v", "\(original).v_proj"),
          LayerTemplate("\(name).to_out.0", "\(original).output_proj"),
        ]
      } + [
        LayerTemplate("ff.net.0.proj", "mlp.layer1"), LayerTemplate("ff.net.2", "mlp.layer2"),
      ]
        + [("norm1", "self_attn"), ("norm2", "cross_attn"), ("norm3", "mlp")].flatMap { name, original in
          [
            LayerTemplate("\(name).linear_1", "adaln_modulation_\(original).1"),
            LayerTemplate("\(name).linear_2", "adaln_modulation_\(original).2"),
          ]
        })
    + [LayerTemplate].block(
      "text_conditioner.blocks.#", "llm_adapter.blocks.#",
      ["self_attn", "cross_attn"].flatMap { attention in
        ["q_proj", "k_proj", "v_proj", "o_proj"].map { LayerTemplate("\(attention).\($0)") }
      } + [LayerTemplate("mlp.0"), LayerTemplate("mlp.2")])
    + [LayerTemplate("text_conditioner.out_proj", "llm_adapter.out_proj")]
}
