/// What a change of strength did.
public struct ScaleReport: Sendable, Codable {
  /// The version of this schema.
  public var schema = 1
  /// The written file.
  public var output: String
  /// The original.
  public var source: String
  /// What the UNet's ΔW was multiplied by.
  public var unet: Double
  /// What the text encoders' were multiplied by.
  public var textEncoders: Double
  /// How many layers there are.
  public var modules: Int
  /// Layers whose factors are copied bit for bit, and whose alpha alone is new.
  public var byAlpha: Int
  /// Layers whose alpha is new and whose up factor has the other sign: exact too.
  public var bySign: Int
  /// Layers whose up factor is multiplied, and rounded to its format.
  public var byFactor: Int
  /// Layers that stay as they are.
  public var unchanged: Int
  /// `‖exact - stored‖ / ‖exact‖` over all layers from the written file; nil unless verified.
  public var residual: Double?
  /// The layer with the largest relative residual; nil unless verified.
  public var worstModule: MergeReport.WorstModule?
  /// The SHA-256 of the written tensors (`sshs_model_hash`).
  public var hash: String

  private enum CodingKeys: String, CodingKey {
    case schema, output, source, unet, textEncoders, modules, byAlpha, bySign, byFactor, unchanged, residual,
      worstModule, hash
  }

  /// Encodes what was not measured as null, so that the keys are always there.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(schema, forKey: .schema)
    try container.encode(output, forKey: .output)
    try container.encode(source, forKey: .source)
    try container.encode(unet, forKey: .unet)
    try container.encode(textEncoders, forKey: .textEncoders)
    try container.encode(modules, forKey: .modules)
    try container.encode(byAlpha, forKey: .byAlpha)
    try container.encode(bySign, forKey: .bySign)
    try container.encode(byFactor, forKey: .byFactor)
    try container.encode(unchanged, forKey: .unchanged)
    try container.encode(residual, forKey: .residual)
    try container.encode(worstModule, forKey: .worstModule)
    try container.encode(hash, forKey: .hash)
  }
}
