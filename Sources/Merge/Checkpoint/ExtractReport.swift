/// What an extraction did.
public struct ExtractReport: Sendable, Codable {
  /// The version of this schema.
  public var schema = 1
  /// The written file.
  public var output: String
  /// The model that the LoRA is for.
  public var base: String
  /// The model that it leads to.
  public var tuned: String
  /// The family.
  public var architecture: String
  /// How many layers were extracted.
  public var modules: Int
  /// How many layers are the same in both models, and therefore left out.
  public var unchanged: Int
  /// How many other tensors differ, which the LoRA does not hold: norms, biases, embeddings, the VAE, convolutions
  /// without a rank.
  public var otherChanges: Int
  /// The smallest and largest rank of a layer.
  public var rank: MergeReport.RankRange
  /// The number format.
  public var dtype: String
  /// The part of the energy `‖difference‖²` of the extracted layers that the LoRA holds before rounding, from 0 to 1.
  public var capturedEnergy: Double
  /// The same for each network, in the pipeline's order.
  public var parts: [Part]
  /// The layer of which the least is captured.
  public var worstModule: Captured
  /// `‖difference - stored‖ / ‖difference‖` over all layers from the written bytes, truncation and rounding together;
  /// nil unless verified.
  public var residual: Double?
  /// `√(1 - captured energy)`, what the residual is without rounding.
  public var expectedResidual: Double
  /// The layer with the largest relative residual; nil unless verified.
  public var worstResidual: MergeReport.WorstModule?
  /// The SHA-256 of the written tensors (`sshs_model_hash`).
  public var hash: String

  private enum CodingKeys: String, CodingKey {
    case schema, output, base, tuned, architecture, modules, unchanged, otherChanges, rank, dtype, capturedEnergy,
      parts,
      worstModule, residual, expectedResidual, worstResidual, hash
  }

  /// Encodes what was not measured as null, so that the keys are always there.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(schema, forKey: .schema)
    try container.encode(output, forKey: .output)
    try container.encode(base, forKey: .base)
    try container.encode(tuned, forKey: .tuned)
    try container.encode(architecture, forKey: .architecture)
    try container.encode(modules, forKey: .modules)
    try container.encode(unchanged, forKey: .unchanged)
    try container.encode(otherChanges, forKey: .otherChanges)
    try container.encode(rank, forKey: .rank)
    try container.encode(dtype, forKey: .dtype)
    try container.encode(capturedEnergy, forKey: .capturedEnergy)
    try container.encode(parts, forKey: .parts)
    try container.encode(worstModule, forKey: .worstModule)
    try container.encode(residual, forKey: .residual)
    try container.encode(expectedResidual, forKey: .expectedResidual)
    try container.encode(worstResidual, forKey: .worstResidual)
    try container.encode(hash, forKey: .hash)
  }

  /// One network.
  public struct Part: Sendable, Codable {
    /// Which: `unet`, `te1` or `te2`.
    public var part: String
    /// How many of its layers were extracted.
    public var modules: Int
    /// The part of their energy that the LoRA holds.
    public var capturedEnergy: Double
  }

  /// One layer.
  public struct Captured: Sendable, Codable {
    /// The layer.
    public var module: String
    /// The part of its energy that the LoRA holds.
    public var capturedEnergy: Double
  }
}
