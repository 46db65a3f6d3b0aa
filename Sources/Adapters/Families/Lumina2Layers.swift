/// The layers of Lumina Image 2: a third as many heads have keys and values as queries.
enum Lumina2Layers {
  static let all: [LayerTemplate] =
    [
      LayerTemplate("x_embedder"), LayerTemplate("time_caption_embed.timestep_embedder.linear_1", "t_embedder.mlp.0"),
      LayerTemplate("time_caption_embed.timestep_embedder.linear_2", "t_embedder.mlp.2"),
      LayerTemplate("time_caption_embed.caption_embedder.1", "cap_embedder.1"),
      LayerTemplate("norm_out.linear_2", "final_layer.linear"),
      LayerTemplate("norm_out.linear_1", "final_layer.adaLN_modulation.1"),
    ]
    + ["layers.#", "noise_refiner.#", "context_refiner.#"].flatMap { block in
      [LayerTemplate].block(
        block, block,
        [
          LayerTemplate("attn.to_q", nil), LayerTemplate("attn.to_k", nil), LayerTemplate("attn.to_v", nil),
          LayerTemplate(
            "attn.to_qkv", "attention.qkv",
            parts: RowParts(rule: .weighted([3, 1, 1]), names: ["attn.to_q", "attn.to_k", "attn.to_v"])),
          LayerTemplate("attn.to_out.0", "attention.out"), LayerTemplate("attn.norm_q", "attention.q_norm"),
          LayerTemplate("attn.norm_k", "attention.k_norm"), LayerTemplate("feed_forward.linear_1", "feed_forward.w1"),
          LayerTemplate("feed_forward.linear_2", "feed_forward.w2"),
          LayerTemplate("feed_forward.linear_3", "feed_forward.w3"),
          LayerTemplate("norm1.linear", "adaLN_modulation.1"),
        ])
    }
}
