/// Where a transformer's layer stands, told by its path in diffusers.
struct TransformerBlock {
  /// What blocks there are, in the order of the model.
  enum Kind: Int {
    case input, refiner, main, single, output
  }

  var kind: Kind
  var number: Int

  init(_ pieces: [Substring]) {
    number = 0
    guard let first = pieces.first else {
      kind = .input
      return
    }
    // The first number is the block's, whatever stands before it.
    if let at = pieces.firstIndex(where: { Int($0) != nil }), at > 0, let found = Int(pieces[at]) {
      switch pieces[at - 1] {
      case "transformer_blocks":
        (kind, number) = (.main, found)
        return
      case "blocks" where first == "blocks", "layers" where first == "layers":
        (kind, number) = (.main, found)
        return
      case "single_transformer_blocks":
        (kind, number) = (.single, found)
        return
      case "refiner_blocks", "layerwise_blocks", "noise_refiner", "context_refiner", "blocks", "layers":
        (kind, number) = (.refiner, found)
        return
      default: break
      }
    }
    kind = ["proj_out", "norm_out", "all_final_layer"].contains(first) ? .output : .input
  }

  /// `in`, `refiner0`, `block12`, `single3` or `out`.
  var name: String {
    switch kind {
    case .input: "in"
    case .refiner: "refiner\(number)"
    case .main: "block\(number)"
    case .single: "single\(number)"
    case .output: "out"
    }
  }

  /// The place among all blocks.
  var order: Int { kind.rawValue << 16 + min(number, 1 << 15) }

  /// The place of a block by its name; nil for a name that no transformer has.
  static func place(_ name: String) -> Int? {
    for (prefix, kind) in [("refiner", Kind.refiner), ("block", .main), ("single", .single)]
    where name.hasPrefix(prefix) {
      guard let number = Int(name.dropFirst(prefix.count)) else { return nil }
      return kind.rawValue << 16 + min(number, 1 << 15)
    }
    return nil
  }
}

extension String {
  /// Whether this comes before another where runs of digits are compared by their value.
  func naturallyPrecedes(_ other: String) -> Bool {
    let (a, b) = (split(separator: "."), other.split(separator: "."))
    for (x, y) in zip(a, b) where x != y {
      if let m = Int(x), let n = Int(y), m != n { return m < n }
      return x < y
    }
    return a.count < b.count
  }
}

extension ModulePath.Role {
  /// What a transformer's layer does, told by its path in diffusers.
  static func ofTransformer(_ pieces: [Substring]) -> Self {
    let last = pieces.last ?? ""
    let attention = pieces.last { ["attn", "attn1", "attn2", "attention", "self_attn", "cross_attn"].contains($0) }
    if let attention {
      // The second attention of a block reads the text in Wan and Anima; SD 3.5's, of the picture alone, is the exception
      // that a name does not tell.
      let isCross = attention == "cross_attn" || attention == "attn2"
      switch last {
      case "to_q", "q_proj": return isCross ? .crossAttentionQ : .selfAttentionQ
      case "to_k", "k_proj": return isCross ? .crossAttentionK : .selfAttentionK
      case "to_v", "v_proj": return isCross ? .crossAttentionV : .selfAttentionV
      case "add_k_proj" where attention == "attn2": return .crossAttentionK
      case "add_v_proj" where attention == "attn2": return .crossAttentionV
      case "to_gate": return isCross ? .crossAttentionOut : .selfAttentionOut
      case "to_qkv": return .selfAttentionQKV
      case "to_qkv_mlp", "to_qkv_mlp_proj": return .attentionAndMLP
      case "add_q_proj", "add_k_proj", "add_v_proj", "to_added_qkv", "to_add_out": return .textStreamAttention
      case "0" where pieces.contains("to_out"), "to_out", "o_proj":
        return isCross ? .crossAttentionOut : .selfAttentionOut
      default: return .other
      }
    }
    if pieces.contains("ff_context") || pieces.contains("txt_mlp") { return .textStreamMLP }
    let feedForward: [Substring] = ["ff", "ffn", "feed_forward", "img_mlp", "proj_mlp", "mlp"]
    if pieces.contains(where: feedForward.contains), pieces.count > 2 { return .feedForward }
    if pieces.contains(where: { $0.contains("odulation") || $0.hasSuffix("_mod") || $0.hasPrefix("norm") }) {
      return last.hasPrefix("norm") && pieces.count > 1 ? .other : .modulation
    }
    if last == "proj_out" { return .projection }
    return .embedding
  }
}
