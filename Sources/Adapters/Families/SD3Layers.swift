/// The layers of Stable Diffusion 3 and 3.5, in diffusers' naming and in Stability's.
enum SD3Layers {
  static let all: [LayerTemplate] =
    [
      LayerTemplate("pos_embed.proj", "x_embedder.proj"), LayerTemplate("context_embedder"),
      LayerTemplate("time_text_embed.timestep_embedder.linear_1", "t_embedder.mlp.0"),
      LayerTemplate("time_text_embed.timestep_embedder.linear_2", "t_embedder.mlp.2"),
      LayerTemplate("time_text_embed.text_embedder.linear_1", "y_embedder.mlp.0"),
      LayerTemplate("time_text_embed.text_embedder.linear_2", "y_embedder.mlp.2"),
      LayerTemplate("proj_out", "final_layer.linear"), LayerTemplate("norm_out.linear", nil),
      LayerTemplate(
        "norm_out.linear_exchanged", "final_layer.adaLN_modulation.1", parts: .exchanged("norm_out.linear")),
    ]
    + [LayerTemplate].block(
      "transformer_blocks.#", "joint_blocks.#",
      [
        LayerTemplate("attn.to_q", nil), LayerTemplate("attn.to_k", nil), LayerTemplate("attn.to_v", nil),
        LayerTemplate("attn.to_qkv", "x_block.attn.qkv", parts: .attention),
        LayerTemplate("attn.add_q_proj", nil), LayerTemplate("attn.add_k_proj", nil),
        LayerTemplate("attn.add_v_proj", nil),
        LayerTemplate("attn.to_added_qkv", "context_block.attn.qkv", parts: .addedAttention),
        LayerTemplate("attn2.to_q", nil), LayerTemplate("attn2.to_k", nil), LayerTemplate("attn2.to_v", nil),
        LayerTemplate(
          "attn2.to_qkv", "x_block.attn2.qkv",
          parts: RowParts(rule: .equal, names: ["attn2.to_q", "attn2.to_k", "attn2.to_v"])),
        LayerTemplate("attn.to_out.0", "x_block.attn.proj"), LayerTemplate("attn2.to_out.0", "x_block.attn2.proj"),
        LayerTemplate("attn.to_add_out", "context_block.attn.proj"), LayerTemplate("attn.norm_q", "x_block.attn.ln_q"),
        LayerTemplate("attn.norm_k", "x_block.attn.ln_k"), LayerTemplate("attn2.norm_q", "x_block.attn2.ln_q"),
        LayerTemplate("attn2.norm_k", "x_block.attn2.ln_k"),
        LayerTemplate("attn.norm_added_q", "context_block.attn.ln_q"),
        LayerTemplate("attn.norm_added_k", "context_block.attn.ln_k"),
        LayerTemplate("norm1.linear", "x_block.adaLN_modulation.1"),
        LayerTemplate("ff.net.0.proj", "x_block.mlp.fc1"), LayerTemplate("ff.net.2", "x_block.mlp.fc2"),
        LayerTemplate("ff_context.net.0.proj", "context_block.mlp.fc1"),
        LayerTemplate("ff_context.net.2", "context_block.mlp.fc2"),
        // The last block's is a scale and a shift, in the other order than diffusers'; all others' are six in the same.
        LayerTemplate("norm1_context.linear", nil),
        LayerTemplate(
          "norm1_context.linear_exchanged", "context_block.adaLN_modulation.1",
          parts: RowParts(rule: .exchangedIfTwo, names: ["norm1_context.linear"])),
      ])
}
