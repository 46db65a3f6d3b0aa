/// The layers of Flux.2, dev and Klein: the modulation stands outside of the blocks, and a single block is two layers.
enum Flux2Layers {
  static let all: [LayerTemplate] =
    [
      LayerTemplate("x_embedder", "img_in"), LayerTemplate("context_embedder", "txt_in"),
      LayerTemplate("time_guidance_embed.timestep_embedder.linear_1", "time_in.in_layer"),
      LayerTemplate("time_guidance_embed.timestep_embedder.linear_2", "time_in.out_layer"),
      LayerTemplate("time_guidance_embed.guidance_embedder.linear_1", "guidance_in.in_layer"),
      LayerTemplate("time_guidance_embed.guidance_embedder.linear_2", "guidance_in.out_layer"),
      LayerTemplate("double_stream_modulation_img.linear", "double_stream_modulation_img.lin"),
      LayerTemplate("double_stream_modulation_txt.linear", "double_stream_modulation_txt.lin"),
      LayerTemplate("single_stream_modulation.linear", "single_stream_modulation.lin"),
      LayerTemplate("proj_out", "final_layer.linear"), LayerTemplate("norm_out.linear", nil),
      LayerTemplate(
        "norm_out.linear_exchanged", "final_layer.adaLN_modulation.1", parts: .exchanged("norm_out.linear")),
    ]
    + [LayerTemplate].block(
      "transformer_blocks.#", "double_blocks.#",
      FluxLayers.attention + [
        LayerTemplate("ff.linear_in", "img_mlp.0"), LayerTemplate("ff.linear_out", "img_mlp.2"),
        LayerTemplate("ff_context.linear_in", "txt_mlp.0"), LayerTemplate("ff_context.linear_out", "txt_mlp.2"),
      ])
    + [LayerTemplate].block(
      "single_transformer_blocks.#", "single_blocks.#",
      [
        LayerTemplate("attn.to_qkv_mlp_proj", "linear1"), LayerTemplate("attn.to_out", "linear2"),
        LayerTemplate("attn.norm_q", "norm.query_norm"), LayerTemplate("attn.norm_k", "norm.key_norm"),
      ])
}
