/// Which network of the pipeline a layer belongs to.
public enum ModelPart: String, Sendable, Codable, CaseIterable, Comparable {
  /// The denoising network.
  case unet
  /// The first text encoder: CLIP-L, or OpenCLIP-H for SD 2.
  case textEncoder1 = "te1"
  /// SDXL's second text encoder, OpenCLIP-bigG.
  case textEncoder2 = "te2"

  /// How people call it.
  public var label: String {
    switch self {
    case .unet: "UNet"
    case .textEncoder1: "TE1"
    case .textEncoder2: "TE2"
    }
  }

  /// The pipeline's order: text encoders first.
  public static func < (a: ModelPart, b: ModelPart) -> Bool {
    let order: [ModelPart] = [.textEncoder1, .textEncoder2, .unet]
    return (order.firstIndex(of: a) ?? 0) < (order.firstIndex(of: b) ?? 0)
  }
}

/// The identity of one layer of the base model, whatever dialect a file names it in.
///
/// The name is the layer's dotted path in diffusers, because it is the one naming that loses nothing:
/// `down_blocks.1.attentions.0.transformer_blocks.0.attn1.to_q`.
public struct ModulePath: Sendable, Hashable, Comparable, CustomStringConvertible {
  /// The network.
  public let part: ModelPart
  /// The dotted path within the network.
  public let name: String

  /// Creates an identity; the name is not checked against any table.
  public init(part: ModelPart, name: String) {
    self.part = part
    self.name = name
  }

  /// Part and name, such as `unet.mid_block.attentions.0.proj_in`.
  public var description: String { "\(part.rawValue).\(name)" }

  /// By part, then by name with numbers compared as numbers, so that block 10 follows block 9.
  public static func < (a: ModulePath, b: ModulePath) -> Bool {
    guard a.part == b.part else { return a.part < b.part }
    var left = a.name.utf8[...]
    var right = b.name.utf8[...]
    let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
    while let x = left.first, let y = right.first {
      if digits.contains(x), digits.contains(y) {
        let m = left.prefix { digits.contains($0) }
        let n = right.prefix { digits.contains($0) }
        if m.count != n.count { return m.count < n.count }
        if !m.elementsEqual(n) { return m.lexicographicallyPrecedes(n) }
        left = left.dropFirst(m.count)
        right = right.dropFirst(n.count)
      } else {
        if x != y { return x < y }
        left = left.dropFirst()
        right = right.dropFirst()
      }
    }
    return left.isEmpty && !right.isEmpty
  }
}

extension ModulePath {
  /// What a layer does, in the groups that blending is reported by.
  public enum Role: String, Sendable, Codable, CaseIterable, Comparable {
    case selfAttentionQ = "self-attn q"
    case selfAttentionK = "self-attn k"
    case selfAttentionV = "self-attn v"
    case selfAttentionOut = "self-attn out"
    case crossAttentionQ = "cross-attn q"
    case crossAttentionK = "cross-attn k"
    case crossAttentionV = "cross-attn v"
    case crossAttentionOut = "cross-attn out"
    case feedForward = "feed-forward"
    case projection = "proj in/out"
    case convolution = "conv"
    case embedding = "time/label emb"
    case textAttention = "text attn"
    case textMLP = "text mlp"
    case other = "other"

    /// The order of the cases.
    public static func < (a: Role, b: Role) -> Bool {
      (allCases.firstIndex(of: a) ?? 0) < (allCases.firstIndex(of: b) ?? 0)
    }
  }

  /// What this layer does.
  public var role: Role {
    if part != .unet {
      return name.contains("self_attn") ? .textAttention : name.contains(".mlp.") ? .textMLP : .other
    }
    let attention: [(String, Role)] = [
      (".attn1.to_q", .selfAttentionQ), (".attn1.to_k", .selfAttentionK), (".attn1.to_v", .selfAttentionV),
      (".attn1.to_out.0", .selfAttentionOut), (".attn2.to_q", .crossAttentionQ), (".attn2.to_k", .crossAttentionK),
      (".attn2.to_v", .crossAttentionV), (".attn2.to_out.0", .crossAttentionOut),
    ]
    if let match = attention.first(where: { name.hasSuffix($0.0) }) { return match.1 }
    if name.contains(".ff.net.") { return .feedForward }
    if name.hasSuffix(".proj_in") || name.hasSuffix(".proj_out") { return .projection }
    if name.contains("time_emb") || name.contains("add_embedding") { return .embedding }
    if name.contains("conv") { return .convolution }
    return .other
  }

  /// The block this layer belongs to: `down0`…`down3`, `mid`, `up0`…`up3`, `in`, `out`, `te1`, `te2`.
  public var block: String {
    guard part == .unet else { return part.rawValue }
    let pieces = name.split(separator: ".", maxSplits: 2)
    switch pieces.first {
    case "down_blocks" where pieces.count > 1: return "down\(pieces[1])"
    case "up_blocks" where pieces.count > 1: return "up\(pieces[1])"
    case "mid_block": return "mid"
    case "conv_out", "conv_norm_out": return "out"
    default: return "in"
    }
  }

  /// The width of the layer's kernel where the name tells it: 3 for the 3×3 convolutions of the UNet, else 1.
  /// Files that store a convolution's ΔW flattened need it to be written back with its kernel.
  public var kernelWidth: Int {
    guard part == .unet else { return 1 }
    let last = name.split(separator: ".").last ?? ""
    return ["conv1", "conv2", "conv", "conv_in", "conv_out"].contains(last) ? 3 : 1
  }

  /// The order in which blocks are shown: from the prompt to the picture.
  public static let blockOrder =
    ["te1", "te2", "in"] + (0...3).map { "down\($0)" } + ["mid"] + (0...3).map { "up\($0)" } + ["out"]
}
