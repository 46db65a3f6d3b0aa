import SafeTensors

extension CLIPConfiguration {
  /// Reads transformers' `config.json`.
  ///
  /// - Parameter projects: whether the weights have a projection, which the file does not tell for certain: it names a
  ///   width for encoders without one too.
  init(_ json: ConfigurationObject, projects: Bool) throws {
    let name = try json.text("hidden_act", "quick_gelu")
    guard let activation = Activation(rawValue: name) else {
      throw json.failure("hidden_act is \(name), which CLIP's text encoders do not have", .unsupported)
    }
    self.init(
      width: try json.size("hidden_size", 512), layers: try json.size("num_hidden_layers", 12),
      heads: try json.size("num_attention_heads", 8), intermediateWidth: try json.size("intermediate_size", 2048),
      activation: activation, projection: projects ? try json.size("projection_dim", 512) : nil)
    vocabulary = try json.size("vocab_size", 49408)
    positions = try json.size("max_position_embeddings", 77)
    epsilon = try json.number("layer_norm_eps", 1e-5)
    // Files that say 2 mean the greatest token, which the end has in CLIP's vocabulary.
    let end = json["eos_token_id"]?.int ?? 2
    endToken = end == 2 || end < 0 ? vocabulary - 1 : end
  }

  /// transformers' `config.json`.
  var json: JSONValue {
    .object([
      "architectures": .array([projection == nil ? "CLIPTextModel" : "CLIPTextModelWithProjection"]),
      "model_type": "clip_text_model", "attention_dropout": .double(0), "hidden_act": .string(activation.rawValue),
      "hidden_size": .size(width), "intermediate_size": .size(intermediateWidth), "layer_norm_eps": .double(epsilon),
      "max_position_embeddings": .size(positions), "num_attention_heads": .size(heads),
      "num_hidden_layers": .size(layers), "projection_dim": .size(projection ?? width), "vocab_size": .size(vocabulary),
      "bos_token_id": .size(max(0, endToken - 1)), "eos_token_id": .size(endToken), "pad_token_id": .unsigned(1),
    ])
  }
}
