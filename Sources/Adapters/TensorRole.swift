/// What one tensor is to its layer's adapter.
public enum TensorRole: String, Sendable, Hashable, CaseIterable {
  case up, down, mid, alpha
  case doraScale = "dora_scale"
  case hadaW1A = "hada_w1_a"
  case hadaW1B = "hada_w1_b"
  case hadaW2A = "hada_w2_a"
  case hadaW2B = "hada_w2_b"
  case hadaT1 = "hada_t1"
  case hadaT2 = "hada_t2"
  case lokrW1 = "lokr_w1"
  case lokrW1A = "lokr_w1_a"
  case lokrW1B = "lokr_w1_b"
  case lokrW2 = "lokr_w2"
  case lokrW2A = "lokr_w2_a"
  case lokrW2B = "lokr_w2_b"
  case lokrT1 = "lokr_t1"
  case lokrT2 = "lokr_t2"
  case diff
  case diffBias = "diff_b"
  case normWeight = "w_norm"
  case normBias = "b_norm"
  case oftBlocks = "oft_blocks"
  case oftRotation = "oft_R"
  case rescale
  case onInput = "on_input"
  case ia3Weight = "ia3_weight"
  case gloraA1 = "a1"
  case gloraA2 = "a2"
  case gloraB1 = "b1"
  case gloraB2 = "b2"
  case bias = "lora_bias"
  case biasIndices = "bias_indices"
  case biasValues = "bias_values"
  case biasSize = "bias_size"

  /// The endings by which keys name their role; a longer ending stands before one it contains.
  private static let endings: [(String, TensorRole)] =
    [
      // The factor pair, by family. `_lora` before the role is the old attention processors' spelling.
      (".lora_up.weight", .up), (".lora_down.weight", .down), (".lora_mid.weight", .mid),
      (".lora_linear_layer.up.weight", .up), (".lora_linear_layer.down.weight", .down),
      ("_lora.up.weight", .up), ("_lora.down.weight", .down), (".lora.up.weight", .up), (".lora.down.weight", .down),
      (".lora_B.weight", .up), (".lora_A.weight", .down), (".lora_B.bias", .bias),
      (".lora_magnitude_vector.weight", .doraScale), (".lora_magnitude_vector", .doraScale),
      (".diff", .diff), (".diff_b", .diffBias), (".oft_R.weight", .oftRotation),
      (".a1.weight", .gloraA1), (".a2.weight", .gloraA2), (".b1.weight", .gloraB1), (".b2.weight", .gloraB2),
    ]
    + ([
      .alpha, .doraScale, .hadaW1A, .hadaW1B, .hadaW2A, .hadaW2B, .hadaT1, .hadaT2, .lokrW1, .lokrW1A, .lokrW1B, .lokrW2,
      .lokrW2A, .lokrW2B, .lokrT1, .lokrT2, .normWeight, .normBias, .oftBlocks, .rescale, .onInput, .biasIndices,
      .biasValues, .biasSize,
    ] as [TensorRole]).map { (".\($0.rawValue)", $0) }

  /// Splits a key into its layer's stem and its role; nil when no known ending fits.
  ///
  /// `attn1.processor.to_q_lora.up.weight` keeps its `_lora` in the stem, which is how the processors' dialect is
  /// told from others.
  static func split(_ key: String) -> (stem: String, role: TensorRole)? {
    for (ending, role) in endings where key.hasSuffix(ending) {
      let stem = key.dropLast(ending.count)
      return (ending.hasPrefix("_") ? stem + "_lora" : String(stem), role)
    }
    // PEFT with the adapter's name inside: `.lora_A.default.weight`.
    let pieces = key.split(separator: ".", omittingEmptySubsequences: false)
    if pieces.count > 3, pieces.last == "weight" {
      let stem = pieces.dropLast(3).joined(separator: ".")
      switch pieces[pieces.count - 3] {
      case "lora_B": return (stem, .up)
      case "lora_A": return (stem, .down)
      default: break
      }
    }
    return nil
  }
}
