/// How an adapter's layer stores its change of the weights.
public enum Variant: String, Sendable, Codable, CaseIterable {
  /// `ΔW = scale · up · down` of a linear layer or a 1×1 convolution.
  case lora
  /// The same of a convolution with a larger kernel.
  case locon
  /// A convolution split three ways, with a small kernel in the middle (`lora_mid`).
  case tucker = "locon-tucker"
  /// The elementwise product of two low-rank matrices.
  case loha
  /// LoHa with tucker kernels (`hada_t1`, `hada_t2`).
  case lohaTucker = "loha-tucker"
  /// The Kronecker product of two matrices.
  case lokr
  /// The whole ΔW (`diff`).
  case full
  /// Changes of norms or biases only: vectors, no matrix.
  case vector
  /// A low-rank change whose result is renormalised: needs the base model's weights.
  case dora
  /// An orthogonal rotation of the base model's weights.
  case oft
  /// OFT in butterfly stages.
  case boft
  /// A rescaling of the base model's weights.
  case ia3
  /// A low-rank change with a term that multiplies the base model's weights.
  case glora
  /// The base model's weight replaced by another (`set_weight`).
  case replaced = "set-weight"
  /// T-LoRA of LyCORIS: a low-rank weight less the part of the base model's that training began with.
  case tlora

  /// Whether ΔW is known exactly from the file alone.
  public var needsBase: Bool {
    switch self {
    case .dora, .oft, .boft, .ia3, .glora, .replaced, .tlora: true
    default: false
    }
  }

  /// Whether ΔW is a matrix that can be written as exact factors.
  public var hasFactors: Bool { !needsBase && self != .vector }

  /// A name for people.
  public var label: String {
    switch self {
    case .lora: "LoRA"
    case .locon: "LoCon"
    case .tucker: "LoCon (tucker)"
    case .loha: "LoHa"
    case .lohaTucker: "LoHa (tucker)"
    case .lokr: "LoKr"
    case .full: "full diff"
    case .vector: "norm/bias diff"
    case .dora: "DoRA"
    case .oft: "OFT"
    case .boft: "BOFT"
    case .ia3: "(IA)³"
    case .glora: "GLoRA"
    case .replaced: "replaced weight"
    case .tlora: "T-LoRA"
    }
  }

  /// The tensors without which a group that makes no variant is incomplete, in words.
  static func missing(beside roles: Set<TensorRole>) -> String {
    let sets: [[(TensorRole, String)]] = [
      [(.up, "lora_up"), (.down, "lora_down")],
      [.hadaW1A, .hadaW1B, .hadaW2A, .hadaW2B].map { ($0, $0.name) },
      [(.lokrW1, "lokr_w1"), (.lokrW2, "lokr_w2")],
      [.lokrW1A, .lokrW1B].map { ($0, $0.name) }, [.lokrW2A, .lokrW2B].map { ($0, $0.name) },
      [.gloraA1, .gloraA2, .gloraB1, .gloraB2].map { ($0, $0.name) },
      [(.onInput, "on_input"), (.ia3Weight, "weight")],
      [.tloraP, .tloraQ, .tloraLambda].map { ($0, $0.name) },
    ]
    let begun = sets.filter { set in set.contains { roles.contains($0.0) } }
    // LoKr's two halves have two forms each: what is whole needs no more.
    let wanting = begun.map { set in set.filter { !roles.contains($0.0) }.map(\.1) }.filter { !$0.isEmpty }
    let names = (wanting.first { !$0.contains { $0.hasPrefix("lokr") } } ?? wanting.min { $0.count < $1.count }) ?? []
    return names.isEmpty ? "any matrix" : names.joined(separator: ", ")
  }

  /// The variant that a layer's tensors make; nil when a needed one is missing.
  init?(roles: Set<TensorRole>, midSize: [Int]?, oftDimensions: Int?) {
    func has(_ wanted: TensorRole...) -> Bool { roles.isSuperset(of: wanted) }
    let hasLoKr =
      (has(.lokrW1) || has(.lokrW1A, .lokrW1B)) && (has(.lokrW2) || has(.lokrW2A, .lokrW2B))
    let plain: Variant? =
      if has(.up, .down) {
        midSize == nil ? .lora : .tucker
      } else if has(.hadaW1A, .hadaW1B, .hadaW2A, .hadaW2B) {
        has(.hadaT1, .hadaT2) ? .lohaTucker : .loha
      } else if hasLoKr {
        .lokr
      } else if has(.diff) {
        .full
      } else {
        nil
      }
    if let plain {
      self = has(.doraScale) ? .dora : plain
    } else if has(.gloraA1, .gloraA2, .gloraB1, .gloraB2) {
      self = .glora
    } else if has(.oftBlocks) {
      self = oftDimensions == 4 ? .boft : .oft
    } else if has(.oftRotation) {
      self = .oft
    } else if has(.boftRotation) {
      self = .boft
    } else if has(.onInput, .ia3Weight) || has(.ia3Vector) {
      self = .ia3
    } else if has(.setWeight) {
      self = .replaced
    } else if has(.tloraQ, .tloraP, .tloraLambda) {
      self = .tlora
    } else if has(.diffBias) || has(.normWeight) || has(.normBias) {
      self = .vector
    } else {
      return nil
    }
  }
}
