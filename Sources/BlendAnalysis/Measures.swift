/// An overlap with what chance alone would give.
public struct Overlap: Sendable, Codable, Equatable {
  /// The overlap, from 0 (none) to 1 (the same).
  public var value: Double?
  /// Its mean when one of the two is rotated at random.
  public var expected: Double?
  /// The part of the way from chance to identity: `(value - expected) / (1 - expected)`.
  public var excess: Double?
  /// How many standard deviations of the random rotation lie between value and expectation.
  public var z: Double?

  /// Forms the ratios at the end of a sum.
  ///
  /// Numbers that are not defined (no energy, no freedom to rotate) are nil.
  init(_ terms: OverlapTerms, most: Double) {
    guard most > 0 else { return }
    value = terms.x / most
    expected = terms.expected / most
    let room = most - terms.expected
    if room > most * 1e-12 { excess = (terms.x - terms.expected) / room }
    if terms.variance > 0 { z = (terms.x - terms.expected) / terms.variance.squareRoot() }
  }

  private enum CodingKeys: String, CodingKey { case value, expected, excess, z }

  /// Encodes undefined numbers as null, so that every key is always there.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(value, forKey: .value)
    try container.encode(expected, forKey: .expected)
    try container.encode(excess, forKey: .excess)
    try container.encode(z, forKey: .z)
  }
}

/// What two LoRAs share, in total or within a block.
public struct Measures: Sendable, Codable, Equatable {
  /// How many layers both train.
  public var modules: Int
  /// The signed cosine `⟨ΔW_a, ΔW_b⟩ / (‖ΔW_a‖ ‖ΔW_b‖)`: above 0 they reinforce each other, below they cancel.
  public var cosine: Double?
  /// The cosine in standard deviations of a null that keeps the overlap of the other side.
  public var cosineZ: Double?
  /// Energy-weighted overlap of what they read (uncentred linear CKA of `ΔWᵀΔW`).
  public var omegaIn: Overlap
  /// Energy-weighted overlap of what they write.
  public var omegaOut: Overlap
  /// Overlap of the row spaces, blind to strength.
  ///
  /// Hu and others (2021), equation 4, in its symmetric form.
  public var phiIn: Overlap
  /// Overlap of the column spaces.
  public var phiOut: Overlap

  init(_ pair: PairTerms, a: SelfTerms, b: SelfTerms) {
    modules = pair.modules
    let norms = (a.t * b.t).squareRoot()
    cosine = norms > 0 && pair.modules > 0 ? pair.inner / norms : nil
    cosineZ = pair.innerVariance > 0 ? pair.inner / pair.innerVariance.squareRoot() : nil
    let most = pair.modules > 0 ? (a.q * b.q).squareRoot() : 0
    omegaIn = Overlap(pair.omegaIn, most: most)
    omegaOut = Overlap(pair.omegaOut, most: most)
    phiIn = Overlap(pair.phiIn, most: pair.phiIn.most)
    phiOut = Overlap(pair.phiOut, most: pair.phiOut.most)
  }

  private enum CodingKeys: String, CodingKey { case modules, cosine, cosineZ, omegaIn, omegaOut, phiIn, phiOut }

  /// Encodes undefined numbers as null, so that every key is always there.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(modules, forKey: .modules)
    try container.encode(cosine, forKey: .cosine)
    try container.encode(cosineZ, forKey: .cosineZ)
    try container.encode(omegaIn, forKey: .omegaIn)
    try container.encode(omegaOut, forKey: .omegaOut)
    try container.encode(phiIn, forKey: .phiIn)
    try container.encode(phiOut, forKey: .phiOut)
  }
}
