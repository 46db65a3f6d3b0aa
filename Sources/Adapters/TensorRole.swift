/// What one tensor is to its layer's adapter.
public enum TensorRole: Sendable, Hashable, CaseIterable {
  case up, down, mid, alpha, doraScale, hadaW1A, hadaW1B, hadaW2A, hadaW2B, hadaT1, hadaT2, lokrW1, lokrW1A,
    lokrW1B, lokrW2, lokrW2A, lokrW2B, lokrT1, lokrT2, diff, diffBias, normWeight, normBias, oftBlocks, oftRotation,
    oftScaled, boftRotation, boftScale, rescale, onInput, ia3Weight, ia3Vector, gloraA1, gloraA2, gloraB1, gloraB2,
    gloraMiddle, tloraQ, tloraP, tloraLambda, setWeight, reshapeWeight, bias, biasIndices, biasValues, biasSize

  /// The ending that names the role in keys, without the words that some formats put beside it.
  ///
  /// No raw value: enumerations with strings for these are hashed as strings, and every tensor's role is hashed.
  public var name: String {
    switch self {
    case .up: "up"
    case .down: "down"
    case .mid: "mid"
    case .alpha: "alpha"
    case .doraScale: "dora_scale"
    case .hadaW1A: "hada_w1_a"
    case .hadaW1B: "hada_w1_b"
    case .hadaW2A: "hada_w2_a"
    case .hadaW2B: "hada_w2_b"
    case .hadaT1: "hada_t1"
    case .hadaT2: "hada_t2"
    case .lokrW1: "lokr_w1"
    case .lokrW1A: "lokr_w1_a"
    case .lokrW1B: "lokr_w1_b"
    case .lokrW2: "lokr_w2"
    case .lokrW2A: "lokr_w2_a"
    case .lokrW2B: "lokr_w2_b"
    case .lokrT1: "lokr_t1"
    case .lokrT2: "lokr_t2"
    case .diff: "diff"
    case .diffBias: "diff_b"
    case .normWeight: "w_norm"
    case .normBias: "b_norm"
    case .oftBlocks: "oft_blocks"
    case .oftRotation: "oft_R"
    case .oftScaled: "scaled_oft"
    case .boftRotation: "boft_R"
    case .boftScale: "boft_s"
    case .rescale: "rescale"
    case .onInput: "on_input"
    case .ia3Weight: "ia3_weight"
    case .ia3Vector: "ia3_l"
    case .gloraA1: "a1"
    case .gloraA2: "a2"
    case .gloraB1: "b1"
    case .gloraB2: "b2"
    case .gloraMiddle: "bm"
    case .tloraQ: "q_layer"
    case .tloraP: "p_layer"
    case .tloraLambda: "lambda_layer"
    case .setWeight: "set_weight"
    case .reshapeWeight: "reshape_weight"
    case .bias: "lora_bias"
    case .biasIndices: "bias_indices"
    case .biasValues: "bias_values"
    case .biasSize: "bias_size"
    }
  }

  /// The endings by which keys name their role, without the dot before them: one or two of a key's last
  /// components, and one of three.
  private static let endings: [Substring: TensorRole] = Dictionary(
    uniqueKeysWithValues: [
      ("lora_up.weight", .up), ("lora_down.weight", .down), ("lora_mid.weight", .mid), ("lora_B.weight", .up),
      ("lora_A.weight", .down), ("lora_B.bias", .bias), ("lora_magnitude_vector.weight", .doraScale),
      ("lora_magnitude_vector", .doraScale), ("oft_R.weight", .oftRotation), ("a1.weight", .gloraA1),
      ("a2.weight", .gloraA2), ("b1.weight", .gloraB1), ("b2.weight", .gloraB2), ("bm.weight", .gloraMiddle),
      ("oft_R.scaled_oft", .oftScaled), ("q_layer.weight", .tloraQ), ("p_layer.weight", .tloraP),
      ("lora.up.weight", .up),
      ("lora.down.weight", .down), ("lora_linear_layer.up.weight", .up), ("lora_linear_layer.down.weight", .down),
    ]
      + ([
        .alpha, .doraScale, .hadaW1A, .hadaW1B, .hadaW2A, .hadaW2B, .hadaT1, .hadaT2, .lokrW1, .lokrW1A, .lokrW1B,
        .lokrW2, .lokrW2A, .lokrW2B, .lokrT1, .lokrT2, .diff, .diffBias, .normWeight, .normBias, .oftBlocks, .rescale,
        .onInput, .biasIndices, .biasValues, .biasSize, .boftRotation, .boftScale, .ia3Vector, .tloraLambda,
        .setWeight, .reshapeWeight,
      ] as [TensorRole]).map { (Substring($0.name), $0) })

  private static let usual: [(ending: String, role: TensorRole)] = [
    (".lora_down.weight", .down), (".lora_up.weight", .up), (".alpha", .alpha),
  ]

  /// Splits a key into its layer's stem and its role; nil when no known ending fits.
  ///
  /// `attn1.processor.to_q_lora.up.weight` keeps its `_lora` in the stem, which is how the processors' dialect is
  /// told from others.
  static func split(_ key: String) -> (stem: String, role: TensorRole)? {
    // Nearly all keys of nearly all files end in one of these; no longer ending ends in one of them.
    for (ending, role) in usual where key.hasSuffix(ending) { return (String(key.dropLast(ending.utf8.count)), role) }
    let text = key.utf8
    let dot = UInt8(ascii: ".")
    // The last three dots, from the end: endings have one to three components.
    var starts: [String.Index] = []
    var at = text.endIndex
    while starts.count < 3, let before = text[..<at].lastIndex(of: dot) {
      starts.append(before)
      at = before
    }
    for start in starts.reversed() {
      if let role = endings[key[text.index(after: start)...]] { return (String(key[..<start]), role) }
    }
    guard starts.count == 3, key.hasSuffix(".weight") else { return nil }
    let family = key[text.index(after: starts[2])..<starts[1]]
    let inner = key[text.index(after: starts[1])..<starts[0]]
    // Old attention processors: `.to_q_lora.up.weight`, and XLabs': `.qkv_lora1.up.weight`.
    let isProcessor = family.hasSuffix("_lora") || family.hasSuffix("_lora1") || family.hasSuffix("_lora2")
    if isProcessor, inner == "up" || inner == "down" {
      return (String(key[..<starts[1]]), inner == "up" ? .up : .down)
    }
    // PEFT with the adapter's name inside: `.lora_A.default.weight`.
    if family == "lora_B" || family == "lora_A" {
      return (String(key[..<starts[2]]), family == "lora_B" ? .up : .down)
    }
    return nil
  }
}
