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
    /// Query, key and value of a transformer that stores them as one.
    case selfAttentionQKV = "self-attn qkv"
    /// A single block's attention and the way into its feed-forward part, stored as one.
    case attentionAndMLP = "attn + mlp in"
    /// Attention of the stream that carries the text through a transformer.
    case textStreamAttention = "text-stream attn"
    /// The feed-forward part of that stream.
    case textStreamMLP = "text-stream mlp"
    /// Scales and shifts by time, and in some families by text.
    case modulation
    case textAttention = "text attn"
    case textMLP = "text mlp"
    case other = "other"

    /// The order of the cases.
    public static func < (a: Role, b: Role) -> Bool {
      (allCases.firstIndex(of: a) ?? 0) < (allCases.firstIndex(of: b) ?? 0)
    }

    init(part: ModelPart, pieces: [Substring]) {
      if !part.isDenoiser {
        let isAttention = pieces.contains("self_attn") || pieces.contains("SelfAttention")
        let isMLP = pieces.contains("mlp") || pieces.contains("DenseReluDense")
        self = isAttention ? .textAttention : isMLP ? .textMLP : .other
        return
      }
      if part == .transformer {
        self = Self.ofTransformer(pieces)
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
