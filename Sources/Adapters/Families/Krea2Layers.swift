/// The layers of Krea 2, in diffusers' naming and in Krea's.
enum Krea2Layers {
  static let all: [LayerTemplate] =
    [
      LayerTemplate("img_in", "first"), LayerTemplate("final_layer.linear", "last.linear"),
      LayerTemplate("time_embed.linear_1", "tmlp.0"), LayerTemplate("time_embed.linear_2", "tmlp.2"),
      LayerTemplate("time_mod_proj", "tproj.1"), LayerTemplate("txt_in.linear_1", "txtmlp.1"),
      LayerTemplate("txt_in.linear_2", "txtmlp.3"), LayerTemplate("text_fusion.projector", "txtfusion.projector"),
    ]
    + [
      ("transformer_blocks.#", "blocks.#"), ("text_fusion.layerwise_blocks.#", "txtfusion.layerwise_blocks.#"),
      ("text_fusion.refiner_blocks.#", "txtfusion.refiner_blocks.#"),
    ].flatMap { name, original in
      [LayerTemplate].block(
        name, original,
        [
          LayerTemplate("attn.to_q", "attn.wq"), LayerTemplate("attn.to_k", "attn.wk"),
          LayerTemplate("attn.to_v", "attn.wv"), LayerTemplate("attn.to_out.0", "attn.wo"),
          LayerTemplate("attn.to_gate", "attn.gate"), LayerTemplate("ff.gate", "mlp.gate"),
          LayerTemplate("ff.up", "mlp.up"), LayerTemplate("ff.down", "mlp.down"),
        ])
    }
}
