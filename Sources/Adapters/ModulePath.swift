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
public struct ModulePath: Sendable, Hashable, CustomStringConvertible {
  /// The network.
  public let part: ModelPart
  /// The dotted path within the network.
  public let name: String
  /// What the layer does.
  public let role: Role
  /// The block it belongs to: `down0`…`down3`, `mid`, `up0`…`up3`, `in`, `out`, `te1`, `te2`.
  public let block: String
  /// The layer's place in the model's own order, which sorting follows.
  private let order: Int

  /// Creates an identity; a name that no table has sorts after all others.
  public init(part: ModelPart, name: String) {
    let order = part == .unet ? UNetModules.order[name] : TextEncoderModules.order[name]
    self.init(part: part, name: name, order: order ?? .max)
  }

  /// Creates an identity whose place in its table is known.
  init(part: ModelPart, name: String, order: Int) {
    let pieces = name.split(separator: ".")
    self.part = part
    self.name = name
    self.order = order
    role = Role(part: part, pieces: pieces)
    block = Self.block(part: part, pieces: pieces)
  }

  /// Part and name, such as `unet.mid_block.attentions.0.proj_in`.
  public var description: String { "\(part.rawValue).\(name)" }

  /// The width of the layer's kernel where the name tells it: 3 for the 3×3 convolutions of the UNet, else 1.
  ///
  /// Files that store a convolution's ΔW flattened need it to be written back with its kernel.
  public var kernelWidth: Int {
    guard part == .unet else { return 1 }
    let text = name.utf8
    // Asked for every layer of thousands of files: nothing is cut out or compared as characters.
    let start = text.lastIndex(of: UInt8(ascii: ".")).map { text.index(after: $0) } ?? text.startIndex
    let last = text[start...]
    return last.first == UInt8(ascii: "c") && Self.convolutions.contains { last.elementsEqual($0.utf8) } ? 3 : 1
  }

  private static let convolutions = ["conv1", "conv2", "conv", "conv_in", "conv_out"]

  private static func block(part: ModelPart, pieces: [Substring]) -> String {
    guard part == .unet else { return part.rawValue }
    switch pieces.first {
    case "down_blocks" where pieces.count > 1: return "down\(pieces[1])"
    case "up_blocks" where pieces.count > 1: return "up\(pieces[1])"
    case "mid_block": return "mid"
    case "conv_out", "conv_norm_out": return "out"
    default: return "in"
    }
  }

  /// The order in which blocks are shown: from the prompt to the picture.
  public static let blockOrder =
    ["te1", "te2", "in"] + (0...3).map { "down\($0)" } + ["mid"] + (0...3).map { "up\($0)" } + ["out"]
}

extension ModulePath: Comparable {
  /// By part, then in the model's own order.
  public static func < (a: ModulePath, b: ModulePath) -> Bool {
    if a.part != b.part { return a.part < b.part }
    return a.order != b.order ? a.order < b.order : a.name < b.name
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

    init(part: ModelPart, pieces: [Substring]) {
      if part != .unet {
        self = pieces.contains("self_attn") ? .textAttention : pieces.contains("mlp") ? .textMLP : .other
        return
      }
      if let at = pieces.lastIndex(where: { $0 == "attn1" || $0 == "attn2" }), at + 1 < pieces.count {
        let own = pieces[at] == "attn1"
        switch pieces[at + 1] {
        case "to_q": self = own ? .selfAttentionQ : .crossAttentionQ
        case "to_k": self = own ? .selfAttentionK : .crossAttentionK
        case "to_v": self = own ? .selfAttentionV : .crossAttentionV
        case "to_out": self = own ? .selfAttentionOut : .crossAttentionOut
        default: self = .other
        }
        return
      }
      switch pieces.last ?? "" {
      case "proj_in", "proj_out": self = .projection
      case "time_emb_proj": self = .embedding
      case let last where last.hasPrefix("conv") && last != "conv_norm_out": self = .convolution
      default:
        self =
          pieces.contains("ff")
          ? .feedForward : ["time_embedding", "add_embedding"].contains(pieces.first) ? .embedding : .other
      }
    }
  }
}
