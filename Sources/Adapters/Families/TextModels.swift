/// The layers of text encoders beside CLIP.
enum TextModels {
  /// T5's encoder.
  static let t5 = LayerTable(
    [LayerTemplate].block(
      "encoder.block.#", "encoder.block.#",
      ["q", "k", "v", "o"].map { LayerTemplate("layer.0.SelfAttention.\($0)") }
        + ["wi", "wi_0", "wi_1", "wo"].map { LayerTemplate("layer.1.DenseReluDense.\($0)") })
      + [LayerTemplate("shared")])

  /// A language model of the kind that Llama began: Gemma, Qwen, Mistral.
  static let language = LayerTable(
    [LayerTemplate].block(
      "layers.#", "layers.#",
      ["q", "k", "v", "o"].map { LayerTemplate("self_attn.\($0)_proj") }
        + ["gate", "up", "down"].map { LayerTemplate("mlp.\($0)_proj") })
      + [LayerTemplate("embed_tokens")])
}
