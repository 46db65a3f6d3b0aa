import Adapters

/// What a merge did, in numbers that can be checked.
public struct MergeReport: Sendable, Codable {
  /// The version of this schema.
  public var schema = 1
  /// The written file.
  public var output: String
  /// How it was made.
  public var method: String
  /// How many layers it has.
  public var modules: Int
  /// The smallest and largest rank of a layer.
  public var rank: RankRange
  /// The number format.
  public var dtype: String
  /// The naming.
  public var dialect: String
  /// `‖exact sum - stored‖ / ‖exact sum‖` over all layers, truncation and rounding together; nil unless verified.
  public var residual: Double?
  /// The layer with the largest relative residual; nil unless verified.
  public var worstModule: WorstModule?
  /// The part of the energy `‖exact sum‖²` that truncation discarded, from 0 to 1; 0 for an exact method.
  public var discardedEnergy: Double
  /// The SHA-256 of the written tensors (`sshs_model_hash`).
  public var hash: String
  /// The layers that are exact only over the base model that was given; nil where there are none.
  public var overBase: OverBase?
  /// Keys and layers that were left out, as asked.
  public var skipped: [String]
  /// The LoRAs that went in.
  public var sources: [Source]

  /// A LoRA that went in.
  public struct Source: Sendable, Codable {
    /// The file.
    public var path: String
    /// What its ΔW was multiplied by.
    public var strength: Double
    /// Its AutoV3 hash.
    public var autov3: String
  }

  /// Layers whose change depends on the base model.
  public struct OverBase: Sendable, Codable {
    /// The base model.
    public var base: String
    /// How many layers of the sources they are.
    public var layers: Int
    /// Their variants.
    public var variants: [String]
    /// The largest rank that one of them has: all there is of a rotation or a DoRA, unless they were cut.
    public var rank: Int
    /// The part of their energy that cutting them to a rank left out, from 0 to 1; 0 where they were not.
    public var discardedEnergy: Double

    init?(_ plan: MergePlan) {
      let bound = plan.layers.flatMap(\.parts).map(\.module).filter { $0.bound != nil }
      guard let base = bound.first?.bound?.base.path else { return nil }
      self.base = base
      layers = bound.count
      variants = Set(bound.map(\.variant.label)).sorted()
      rank = bound.map(\.exactRank).max() ?? 0
      let parts = Dictionary(grouping: bound.compactMap(\.bound?.truncation), by: ObjectIdentifier.init)
      // One file's layers share a ledger; the largest share stands for all.
      discardedEnergy = parts.values.compactMap { $0.first?.discardedEnergy }.max() ?? 0
    }
  }

  /// The ranks of the layers.
  public struct RankRange: Sendable, Codable {
    /// The smallest.
    public var min: Int
    /// The largest.
    public var max: Int
  }

  /// The layer that fits worst.
  public struct WorstModule: Sendable, Codable {
    /// The layer.
    public var module: String
    /// Its own relative residual.
    public var residual: Double
  }

  private enum CodingKeys: String, CodingKey {
    case schema, output, method, modules, rank, dtype, dialect, residual, worstModule, discardedEnergy, hash, overBase,
      skipped,
      sources
  }

  /// Encodes an unmeasured residual as null, so that the key is always there.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(schema, forKey: .schema)
    try container.encode(output, forKey: .output)
    try container.encode(method, forKey: .method)
    try container.encode(modules, forKey: .modules)
    try container.encode(rank, forKey: .rank)
    try container.encode(dtype, forKey: .dtype)
    try container.encode(dialect, forKey: .dialect)
    try container.encode(residual, forKey: .residual)
    try container.encode(worstModule, forKey: .worstModule)
    try container.encode(discardedEnergy, forKey: .discardedEnergy)
    try container.encode(hash, forKey: .hash)
    try container.encode(overBase, forKey: .overBase)
    try container.encode(skipped, forKey: .skipped)
    try container.encode(sources, forKey: .sources)
  }
}
