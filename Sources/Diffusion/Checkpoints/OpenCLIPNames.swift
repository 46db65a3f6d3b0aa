/// OpenCLIP's own naming of a text encoder, where query, key and value are the thirds of one tensor.
enum OpenCLIPNames {
  private static let layers = [
    "self_attn.out_proj": "attn.out_proj", "mlp.fc1": "mlp.c_fc", "mlp.fc2": "mlp.c_proj", "layer_norm1": "ln_1",
    "layer_norm2": "ln_2",
  ]
  private static let thirds = ["self_attn.q_proj": 0, "self_attn.k_proj": 1, "self_attn.v_proj": 2]

  /// Where a parameter of transformers' naming stands; `nil` for names that OpenCLIP does not have.
  static func place(_ name: String, prefix: String) -> StoredName? {
    switch name {
    case "text_projection.weight": return StoredName(key: "\(prefix)text_projection", form: .transposed)
    case "text_model.embeddings.token_embedding.weight": return StoredName(key: "\(prefix)token_embedding.weight")
    case "text_model.embeddings.position_embedding.weight": return StoredName(key: "\(prefix)positional_embedding")
    default: break
    }
    let pieces = name.split(separator: ".").map(String.init)
    guard let leaf = pieces.last, pieces.count > 2 else { return nil }
    if pieces[1] == "final_layer_norm" { return StoredName(key: "\(prefix)ln_final.\(leaf)") }
    guard pieces.count > 5, pieces[1] == "encoder", pieces[2] == "layers" else { return nil }
    let block = "\(prefix)transformer.resblocks.\(pieces[3])."
    let layer = pieces[4...].dropLast().joined(separator: ".")
    if let third = thirds[layer] { return StoredName(key: "\(block)attn.in_proj_\(leaf)", form: .third(third)) }
    return layers[layer].map { StoredName(key: "\(block)\($0).\(leaf)") }
  }
}
