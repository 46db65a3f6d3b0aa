/// What one file is, how it was made, how strong it is, and what is odd about it.
///
/// Numbers that were not computed or do not exist are nil, and `null` when encoded.
public struct Inspection: Sendable, Codable {
  /// What a file holds.
  public enum Kind: String, Sendable, Codable, CaseIterable {
    /// An adapter of any variant.
    case lora
    /// A base model or one of its components.
    case checkpoint
    /// A sound file of neither kind.
    case other
  }

  /// The path as the caller gave it.
  public var path: String
  /// The size in bytes; of an archive, unpacked.
  public var size: Int
  /// What the file holds.
  public var kind: Kind
  /// The base model it is for, or is.
  public var architecture: Architecture
  /// The variant of most layers; nil when no layer is known.
  @Explicit public var variant: Variant?
  /// How many layers each variant has, by its raw value.
  public var variants: [String: Int]
  /// The dialect most layers are named in; nil for files that are no adapters.
  @Explicit public var dialect: Dialect?
  /// All dialects met, most used first.
  public var dialects: [Dialect]
  /// How many layers are known.
  public var modules: Int
  /// How many of them have each kernel: `linear` (also 1×1), `3x3` and so on.
  public var kernels: [String: Int]
  /// Whether any layer of a text encoder is among them.
  public var hasTextEncoder: Bool
  /// The keys that belong to no known layer.
  public var unmatchedKeys: [String]
  /// The same keys, each with the reason.
  public var unmatched: [UnmatchedKey]
  /// The trigger words whose vectors the file brings along.
  public var embeddings: [Embedding]
  /// The ranks of the layers.
  public var rank: RankSpread
  /// The alphas of the layers.
  public var alpha: AlphaSpread
  /// The number format that most of the data are stored in.
  @Explicit public var dtype: String?
  /// How many tensors each number format has.
  public var dtypes: [String: Int]
  /// How many tensors there are.
  public var tensors: Int
  /// How many numbers they hold together.
  public var parameters: Int
  /// The hashes by which sites know the file.
  public var hashes: Hashes
  /// How much the layers change together; nil when weights were not read.
  @Explicit public var strength: Strength?
  /// The layers by network, text encoders first.
  public var parts: [Part]
  /// What a base model consists of; nil for other kinds.
  @Explicit public var checkpoint: CheckpointSummary?
  /// The largest tensors of a file of no known kind.
  public var largest: [LargeTensor]
  /// What the metadata tell about the training.
  public var recipe: TrainingRecord
  /// What is odd, most important first.
  public var warnings: [InspectionWarning]
  /// Every layer; only when asked for.
  public var layers: [Layer]?
  /// The metadata as stored; only when asked for.
  public var metadata: [String: String]?

  /// The file's name without its folder.
  public var name: String { path.split(separator: "/").last.map(String.init) ?? path }
}

extension Inspection {
  /// A key that belongs to no known layer, and why.
  public struct UnmatchedKey: Sendable, Codable, Equatable {
    /// The key in the file.
    public var key: String
    /// Why it is not used; a clause.
    public var reason: String
  }

  /// A trigger word whose vectors are in the file.
  public struct Embedding: Sendable, Codable, Equatable {
    /// The word.
    public var token: String
    /// Its vectors by text encoder.
    public var vectors: [Vectors]

    /// One tensor of vectors.
    public struct Vectors: Sendable, Codable, Equatable {
      /// The text encoder.
      public var encoder: BundledEmbedding.Encoder
      /// Whether they stand for the encoder's output.
      public var isOutput: Bool
      /// How many there are.
      public var count: Int
      /// The numbers of each.
      public var width: Int
    }
  }

  /// The least, middle and greatest rank.
  public struct RankSpread: Sendable, Codable, Equatable {
    /// The least.
    @Explicit public var min: Int?
    /// The middle one; the lower of two.
    @Explicit public var median: Int?
    /// The greatest.
    @Explicit public var max: Int?

    init(_ values: [Int]) {
      let sorted = values.sorted()
      min = sorted.first
      median = sorted.isEmpty ? nil : sorted[(sorted.count - 1) / 2]
      max = sorted.last
    }
  }

  /// The least, middle and greatest alpha, with where they came from.
  public struct AlphaSpread: Sendable, Codable, Equatable {
    /// The least.
    @Explicit public var min: Double?
    /// The middle one; the lower of two.
    @Explicit public var median: Double?
    /// The greatest.
    @Explicit public var max: Double?
    /// Where they came from, ``Alpha/Source``'s raw value, or `mixed`.
    @Explicit public var source: String?
    /// How many layers have their alpha from each source.
    public var sources: [String: Int]
    /// The least factor a stored product is multiplied by.
    @Explicit public var minScale: Double?
    /// The greatest factor a stored product is multiplied by.
    @Explicit public var maxScale: Double?

    init(_ values: [(alpha: Alpha, scale: Double)]) {
      let sorted = values.map(\.alpha.value).sorted()
      min = sorted.first
      median = sorted.isEmpty ? nil : sorted[(sorted.count - 1) / 2]
      max = sorted.last
      sources = values.reduce(into: [:]) { $0[$1.alpha.source.rawValue, default: 0] += 1 }
      source = sources.count > 1 ? "mixed" : sources.keys.first
      minScale = values.map(\.scale).min()
      maxScale = values.map(\.scale).max()
    }
  }

  /// The hashes of a file; nil where they were not computed.
  public struct Hashes: Sendable, Codable, Equatable {
    /// The first 10 digits of the file's SHA-256.
    @Explicit public var autov2: String?
    /// The first 12 digits of the SHA-256 of the tensors' bytes.
    @Explicit public var autov3: String?
    /// The file's SHA-256.
    @Explicit public var sha256: String?
    /// The SHA-256 of the tensors' bytes.
    @Explicit public var tensorsSha256: String?
    /// The hash of the tensors that the metadata state.
    @Explicit public var stored: String?
    /// Whether the stored hash is right; nil when there is none or it was not checked.
    @Explicit public var storedOk: Bool?
  }

  /// One of the largest tensors of a file.
  public struct LargeTensor: Sendable, Codable, Equatable {
    /// Its key.
    public var name: String
    /// Its number format.
    public var dtype: String
    /// Its shape.
    public var shape: [Int]
    /// Its size.
    public var bytes: Int
  }
}
