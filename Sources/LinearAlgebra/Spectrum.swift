/// What a list of singular values says of the matrix they belong to.
public struct Spectrum: Sendable, Equatable {
  /// The singular values, greatest first.
  public let values: [Double]

  /// Creates a spectrum from singular values in any order.
  public init(values: [Double]) { self.values = values.sorted(by: >) }

  /// `Σσ²`, the squared Frobenius norm.
  public var energy: Double { values.reversed().reduce(0) { $0 + $1 * $1 } }

  /// The share of the energy in the largest singular value, `σ₁² / Σσ²`, from 0 to 1; 0 for a zero matrix.
  public var leadingShare: Double {
    guard let first = values.first, energy > 0 else { return 0 }
    return first * first / energy
  }

  /// The effective rank `exp(-Σ p ln p)` with `p = σ² / Σσ²` (Roy and Vetterli 2007, on energies): how many equally
  /// strong directions would be as spread out.
  ///
  /// 0 for a zero matrix.
  public var effectiveRank: Double {
    let total = energy
    guard total > 0 else { return 0 }
    let entropy = values.reduce(0.0) { sum, value in
      let p = value * value / total
      return p > 0 ? sum - p * Double.log(p) : sum
    }
    return Double.exp(entropy)
  }

  /// The stable rank `Σσ² / σ₁²`; 0 for a zero matrix.
  public var stableRank: Double { leadingShare > 0 ? 1 / leadingShare : 0 }

  /// The participation ratio `(Σσ²)² / Σσ⁴`; 0 for a zero matrix.
  public var participationRatio: Double {
    let fourth = values.reversed().reduce(0) { $0 + $1 * $1 * $1 * $1 }
    return fourth > 0 ? energy * energy / fourth : 0
  }
}
