/// What a change of rank did, in numbers that can be checked.
public struct ResizeReport: Sendable, Codable {
  /// The version of this schema.
  public var schema = 1
  /// The written file.
  public var output: String
  /// The original.
  public var source: String
  /// What decided the ranks: `rank`, `sv-ratio`, `sv-fro`, `sv-cumulative` or `size`.
  public var rule: String
  /// The rule's number: a share, a ratio, or bytes; nil where only a rank was given.
  public var parameter: Double?
  /// The number format.
  public var dtype: String
  /// The naming.
  public var dialect: String
  /// All layers together; its bytes are those of the whole files.
  public var total: Summary
  /// Each network by itself; the bytes are those of its tensors.
  public var parts: [Summary]
  /// Each layer.
  public var layers: [Layer]
  /// `‖ΔW - stored‖ / ‖ΔW‖` over all layers from the written bytes, truncation and rounding together; nil unless
  /// verified.
  public var residual: Double?
  /// `√(Σ discarded S² / Σ S²)`, what the residual is without rounding.
  public var expectedResidual: Double
  /// The SHA-256 of the written tensors (`sshs_model_hash`).
  public var hash: String
  /// Keys and layers that were left out, as asked.
  public var skipped: [String]

  private enum CodingKeys: String, CodingKey {
    case schema, output, source, rule, parameter, dtype, dialect, total, parts, layers, residual, expectedResidual,
      hash,
      skipped
  }

  /// Encodes what was not measured or given as null, so that the key is always there.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(schema, forKey: .schema)
    try container.encode(output, forKey: .output)
    try container.encode(source, forKey: .source)
    try container.encode(rule, forKey: .rule)
    try container.encode(parameter, forKey: .parameter)
    try container.encode(dtype, forKey: .dtype)
    try container.encode(dialect, forKey: .dialect)
    try container.encode(total, forKey: .total)
    try container.encode(parts, forKey: .parts)
    try container.encode(layers, forKey: .layers)
    try container.encode(residual, forKey: .residual)
    try container.encode(expectedResidual, forKey: .expectedResidual)
    try container.encode(hash, forKey: .hash)
    try container.encode(skipped, forKey: .skipped)
  }

  /// The ranks of several layers.
  public struct Ranks: Sendable, Codable, Equatable {
    /// The smallest.
    public var min: Int
    /// The middle one, or the mean of the middle two.
    public var median: Double
    /// The largest.
    public var max: Int

    init(_ ranks: [Int]) {
      let sorted = ranks.sorted()
      min = sorted.first ?? 0
      max = sorted.last ?? 0
      let middle = sorted.count / 2
      median =
        sorted.isEmpty
        ? 0 : sorted.count % 2 == 1 ? Double(sorted[middle]) : Double(sorted[middle - 1] + sorted[middle]) / 2
    }
  }

  /// Several layers together.
  public struct Summary: Sendable, Codable {
    /// `total`, `unet`, `te1` or `te2`.
    public var part: String
    /// How many layers.
    public var modules: Int
    /// The ranks before: those of the exact factors, `r²` for a LoHa.
    public var before: Ranks
    /// The ranks after.
    public var after: Ranks
    /// `√(Σ kept S² / Σ S²)`, scale included; 1 where there was nothing.
    public var retainedEnergy: Double
    /// `Σ kept S / Σ S`, scale included; 1 where there was nothing.
    public var retainedSum: Double
    /// The bytes before.
    public var bytesBefore: Int
    /// The bytes after.
    public var bytesAfter: Int
  }

  /// One layer.
  public struct Layer: Sendable, Codable {
    /// The layer.
    public var module: String
    /// How it was stored.
    public var variant: String
    /// The rank of its exact factors.
    public var before: Int
    /// The rank it has now.
    public var after: Int
    /// `√(Σ kept S² / Σ S²)`.
    public var retainedEnergy: Double
    /// `Σ kept S / Σ S`.
    public var retainedSum: Double
    /// The greatest singular value of ΔW, scale included.
    public var greatest: Double
    /// Its own residual from the written bytes; nil unless verified.
    public var residual: Double?
  }
}
