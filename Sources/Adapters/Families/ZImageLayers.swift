/// The layers of Z-Image: diffusers keeps query, key and value apart that the model stores as one.
enum ZImageLayers {
  static let all: [LayerTemplate] =
    [
      LayerTemplate("t_embedder.mlp.0"), LayerTemplate("t_embedder.mlp.2"), LayerTemplate("cap_embedder.0"),
      LayerTemplate("cap_embedder.1"), LayerTemplate("all_x_embedder.2-1", "x_embedder"),
      LayerTemplate("all_final_layer.2-1.linear", "final_layer.linear"),
      LayerTemplate("all_final_layer.2-1.adaLN_modulation.1", "final_layer.adaLN_modulation.1"),
    ]
    + ["layers.#", "noise_refiner.#", "context_refiner.#"].flatMap { block in
      [LayerTemplate].block(
        block, block,
        [
          LayerTemplate("attention.to_q", nil), LayerTemplate("attention.to_k", nil),
          LayerTemplate("attention.to_v", nil),
          LayerTemplate(
            "attention.to_qkv", "attention.qkv",
            parts: RowParts(rule: .equal, names: ["attention.to_q", "attention.to_k", "attention.to_v"])),
          LayerTemplate("attention.to_out.0", "attention.out"), LayerTemplate("attention.norm_q", "attention.q_norm"),
          LayerTemplate("attention.norm_k", "attention.k_norm"), LayerTemplate("feed_forward.w1"),
          LayerTemplate("feed_forward.w2"), LayerTemplate("feed_forward.w3"), LayerTemplate("adaLN_modulation.0"),
        ])
    }
}
