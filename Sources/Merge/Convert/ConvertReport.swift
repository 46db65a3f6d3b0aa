/// What a conversion did.
public struct ConvertReport: Sendable, Codable {
  /// The version of this schema.
  public var schema = 1
  /// The written file or folder.
  public var output: String
  /// The original.
  public var source: String
  /// The dialects that the original is in.
  public var from: [String]
  /// The dialect that was written.
  public var to: String
  /// The family of the base model.
  public var architecture: String
  /// The layers that were written.
  public var modules: Int
  /// The layers that were one in the original and are several now.
  public var splits: Int
  /// The layers that were several in the original and are one now.
  public var joins: Int
  /// Parts of layers that the original did not change, which have no tensors in the result.
  public var unchangedParts: Int
  /// The layers of other variants that were written as the exact LoRA of their change.
  public var factored: Int
  /// The layers of which every number is the original's, but for a change of exponent.
  public var exact: Int
  /// The layers with numbers that were rounded to their format.
  public var rounded: Int
  /// Where alphas are: `tensors`, `factors`, `metadata` or `config`.
  public var alphas: String
  /// What was left out, and why.
  public var skipped: [String]
  /// `‖exact - stored‖ / ‖exact‖` over all layers from the written file, of a folder the largest of its adapters'; nil
  /// unless verified.
  public var residual: Double?
  /// The layer with the largest relative residual; nil unless verified.
  public var worstModule: MergeReport.WorstModule?
  /// The SHA-256 of the written tensors (`sshs_model_hash`); of the first adapter of a folder.
  public var hash: String

  private enum CodingKeys: String, CodingKey {
    case schema, output, source, from, to, architecture, modules, splits, joins, unchangedParts, factored, exact,
      rounded,
      alphas, skipped, residual, worstModule, hash
  }

  /// Encodes what was not measured as null, so that the keys are always there.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(schema, forKey: .schema)
    try container.encode(output, forKey: .output)
    try container.encode(source, forKey: .source)
    try container.encode(from, forKey: .from)
    try container.encode(to, forKey: .to)
    try container.encode(architecture, forKey: .architecture)
    try container.encode(modules, forKey: .modules)
    try container.encode(splits, forKey: .splits)
    try container.encode(joins, forKey: .joins)
    try container.encode(unchangedParts, forKey: .unchangedParts)
    try container.encode(factored, forKey: .factored)
    try container.encode(exact, forKey: .exact)
    try container.encode(rounded, forKey: .rounded)
    try container.encode(alphas, forKey: .alphas)
    try container.encode(skipped, forKey: .skipped)
    try container.encode(residual, forKey: .residual)
    try container.encode(worstModule, forKey: .worstModule)
    try container.encode(hash, forKey: .hash)
  }
}
