/// What a bake did, in numbers that can be checked.
public struct BakeReport: Sendable, Codable {
  /// The version of this schema.
  public var schema = 1
  /// The written file or folder.
  public var output: String
  /// The base model.
  public var base: String
  /// The family, as the base model's keys tell it.
  public var architecture: String
  /// How many tensors changed their values.
  public var changedTensors: Int
  /// How many were taken over, converted at most.
  public var keptTensors: Int
  /// The number formats of the changed tensors, sorted.
  public var dtypes: [String]
  /// The largest relative residual of a changed tensor, `‖exact - stored‖ / ‖exact‖`; nil unless verified.
  public var residual: Double?
  /// The tensor that has it; nil unless verified.
  public var worstTensor: String?
  /// The part of all changes that rounding distorted, `‖exact - stored‖ / ‖exact - base‖` over all changed tensors; nil
  /// unless verified.
  public var changeResidual: Double?
  /// Layers and keys that were left out, as asked.
  public var skipped: [String]
  /// Files of a folder that were left out, because they hold weights without the change.
  public var filesLeftOut: [String]
  /// The LoRAs in the order in which they were applied.
  public var sources: [Source]

  /// A LoRA that went in.
  public struct Source: Sendable, Codable {
    /// The file.
    public var path: String
    /// What its change was multiplied by.
    public var strength: Double
    /// How many layers it changed.
    public var layers: Int
    /// Whether any of them is a DoRA.
    public var hasDora: Bool
    /// Whether the change of any of them depends on the weight it meets, so that the order of the sources matters: DoRA,
    /// OFT, BOFT, (IA)³, GLoRA, T-LoRA.
    public var rewrites: Bool
    /// Its AutoV3 hash.
    public var autov3: String
  }

  private enum CodingKeys: String, CodingKey {
    case schema, output, base, architecture, changedTensors, keptTensors, dtypes, residual, worstTensor,
      changeResidual, skipped, filesLeftOut, sources
  }

  /// Encodes what was not measured as null, so that the keys are always there.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(schema, forKey: .schema)
    try container.encode(output, forKey: .output)
    try container.encode(base, forKey: .base)
    try container.encode(architecture, forKey: .architecture)
    try container.encode(changedTensors, forKey: .changedTensors)
    try container.encode(keptTensors, forKey: .keptTensors)
    try container.encode(dtypes, forKey: .dtypes)
    try container.encode(residual, forKey: .residual)
    try container.encode(worstTensor, forKey: .worstTensor)
    try container.encode(changeResidual, forKey: .changeResidual)
    try container.encode(skipped, forKey: .skipped)
    try container.encode(filesLeftOut, forKey: .filesLeftOut)
    try container.encode(sources, forKey: .sources)
  }
}
