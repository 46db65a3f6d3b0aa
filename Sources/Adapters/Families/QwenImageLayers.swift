/// The layers of Qwen-Image, whose own naming is diffusers'.
enum QwenImageLayers {
  static let all: [LayerTemplate] =
    [
      "img_in", "txt_in", "proj_out", "norm_out.linear", "time_text_embed.timestep_embedder.linear_1",
      "time_text_embed.timestep_embedder.linear_2",
    ].map { LayerTemplate($0) }
    + [LayerTemplate].block(
      "transformer_blocks.#", "transformer_blocks.#",
      [
        "attn.to_q", "attn.to_k", "attn.to_v", "attn.add_q_proj", "attn.add_k_proj", "attn.add_v_proj", "attn.to_out.0",
        "attn.to_add_out", "attn.norm_q", "attn.norm_k", "attn.norm_added_q", "attn.norm_added_k", "img_mlp.net.0.proj",
        "img_mlp.net.2", "txt_mlp.net.0.proj", "txt_mlp.net.2", "img_mod.1", "txt_mod.1",
      ].map { LayerTemplate($0) })
}
