/// Whether two LoRAs began from the same random `lora_down`.
public struct SharedInitialisation: Sendable, Codable, Equatable {
  /// The verdict: `z` above 8, and rows agree only with their counterparts.
  public var detected: Bool
  /// The mean agreement of corresponding rows in standard deviations of independent rows; nil when no layer has
  /// plain factors of one rank in both.
  public var z: Double?
  /// The mean cosine of corresponding rows of `lora_down`.
  public var meanCosine: Double?
  /// The mean cosine of all other pairs of rows; near 0 unless the LoRAs are alike as a whole.
  public var otherCosine: Double?
  /// The mean cosine of corresponding columns of `lora_up`.
  ///
  /// Shared initialisation leaves it near 0; well above, one file was made from the other, or both from a third.
  public var upCosine: Double?

  init(_ terms: InitialisationTerms) {
    detected = false
    guard terms.rows > 0 else { return }
    let z = terms.aligned / terms.rows.squareRoot()
    let others = terms.otherPairs > 0 ? terms.others / terms.otherPairs : 0
    self.z = z
    meanCosine = terms.cosines / terms.rows
    otherCosine = others
    upCosine = terms.upColumns > 0 ? terms.upCosines / terms.upColumns : nil
    detected = z > 8 && abs(others) < 0.05
  }

  private enum CodingKeys: String, CodingKey { case detected, z, meanCosine, otherCosine, upCosine }

  /// Encodes undefined numbers as null, so that every key is always there.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(detected, forKey: .detected)
    try container.encode(z, forKey: .z)
    try container.encode(meanCosine, forKey: .meanCosine)
    try container.encode(otherCosine, forKey: .otherCosine)
    try container.encode(upCosine, forKey: .upCosine)
  }
}
