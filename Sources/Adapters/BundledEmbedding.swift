public import SafeTensors

/// The learned vectors of a trigger word that travel in the same file as the LoRA (textual inversion).
public struct BundledEmbedding: Sendable {
  /// The text encoder that vectors are for.
  public enum Encoder: String, Sendable, Codable, CaseIterable {
    /// OpenAI's CLIP-L: SD 1.x, and the first of SDXL.
    case clipL = "clip_l"
    /// OpenCLIP-bigG: the second of SDXL.
    case clipG = "clip_g"
    /// OpenCLIP-H: SD 2.x.
    case openCLIPH = "open_clip_h"
    case t5
    case llama
    case gemma
    /// Neither the key nor the width tells.
    case unknown

    /// A name for people.
    public var label: String {
      switch self {
      case .clipL: "CLIP-L"
      case .clipG: "CLIP-G"
      case .openCLIPH: "OpenCLIP-H"
      case .t5: "T5"
      case .llama: "Llama"
      case .gemma: "Gemma"
      case .unknown: "an unknown encoder"
      }
    }
  }

  /// One tensor of vectors.
  public struct Vectors: Sendable {
    /// The encoder they are for.
    public let encoder: Encoder
    /// Whether they take the place of the encoder's output and not of its token embeddings (OneTrainer's `…_out`).
    public let isOutput: Bool
    /// How many there are.
    public let count: Int
    /// The numbers of each.
    public let width: Int
    /// Where they stand.
    public let tensor: TensorInfo
  }

  /// The word that stands for them in captions and prompts.
  public let token: String
  /// The vectors, in the file's order.
  public internal(set) var vectors: [Vectors]
}

extension BundledEmbedding {
  /// The prefix by which OneTrainer, LyCORIS' `pack_bundle` and A1111 mark them.
  private static let prefix = "bundle_emb."

  /// What a key's ending says of the encoder: OneTrainer's names and A1111's of SDXL; in A1111's others the width tells.
  private static let endings: [(ending: String, encoder: Encoder?)] = [
    ("clip_l", .clipL), ("clip_g", .clipG), ("t5", .t5), ("llama", .llama), ("gemma", .gemma),
    ("string_to_param.*", nil), ("emb_params", nil),
  ]

  /// The tokens of a file, in its order, and the keys that are theirs.
  ///
  /// Written by OneTrainer (`bundle_emb.<token>.clip_l`), LyCORIS' `pack_bundle` and A1111
  /// (`bundle_emb.<name>.string_to_param.*`, `.clip_l`), and cloneofsimo (the token itself, with `<embed>` in the
  /// metadata). Shapes are `[vectors, width]`, or `[width]` for one.
  static func all(in file: SafeTensorsFile) -> (embeddings: [BundledEmbedding], keys: Set<String>) {
    var embeddings: [BundledEmbedding] = []
    var keys: Set<String> = []
    let isMarked = file.header.metadata.values.contains("<embed>")
    for tensor in file.header.tensors where isMarked || tensor.name.utf8.first == UInt8(ascii: "b") {
      guard let (token, encoder, isOutput) = parsed(tensor.name, file), let width = tensor.shape.last,
        tensor.shape.count <= 2, tensor.count > 0
      else { continue }
      keys.insert(tensor.name)
      let vectors = Vectors(
        encoder: encoder ?? Self.encoder(width: width), isOutput: isOutput, count: tensor.count / width, width: width,
        tensor: tensor)
      if let place = embeddings.firstIndex(where: { $0.token == token }) {
        embeddings[place].vectors.append(vectors)
      } else {
        embeddings.append(BundledEmbedding(token: token, vectors: [vectors]))
      }
    }
    return (embeddings, keys)
  }

  private static func parsed(
    _ key: String, _ file: SafeTensorsFile
  ) -> (token: String, encoder: Encoder?, isOutput: Bool)? {
    if file.header.metadata[key] == "<embed>" { return (key, nil, false) }
    guard key.hasPrefix(prefix) else { return nil }
    let rest = key.dropFirst(prefix.count)
    for (ending, encoder) in endings {
      for (suffix, isOutput) in [(".\(ending)", false), (".\(ending)_out", true)] where rest.hasSuffix(suffix) {
        let token = String(rest.dropLast(suffix.count))
        return token.isEmpty ? nil : (token, encoder, isOutput)
      }
    }
    return nil
  }

  private static func encoder(width: Int) -> Encoder {
    switch width {
    case 768: .clipL
    case 1024: .openCLIPH
    case 1280: .clipG
    default: .unknown
    }
  }
}
