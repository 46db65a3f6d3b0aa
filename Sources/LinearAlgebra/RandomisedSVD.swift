extension Matrix {
  /// The best factors of a rank, found from a random sketch of the matrix.
  ///
  /// `Y = (A Aᵀ)^q A Ω` with a seeded Gaussian `Ω`, `[columns, rank + oversampling]`, orthonormalised between the
  /// products; then the decomposition of `Qᵀ A` (Halko, Martinsson and Tropp 2011, algorithms 4.4 and 5.1). The factors
  /// share the singular values evenly. A sketch as wide as the matrix is exact.
  ///
  /// - Parameters:
  ///   - rank: the greatest inner dimension of the result, above zero.
  ///   - oversampling: how many more directions the sketch has.
  ///   - iterations: how many power iterations `q` sharpen it.
  ///   - seed: decides `Ω`; the same seed gives the same factors.
  /// - Returns: the factors, and the energy `Σσ²` that they hold.
  /// - Throws: ``LinearAlgebraError``.
  public func randomisedFactors(
    rank: Int, oversampling: Int = 10, iterations: Int = 2, seed: UInt64
  ) throws(LinearAlgebraError) -> (product: LowRank, energy: Double) {
    let kept = min(max(1, rank), rows, columns)
    let width = min(kept + max(0, oversampling), rows, columns)
    guard width > 0 else {
      return (LowRank(up: Matrix(rows: rows, columns: 0), down: Matrix(rows: 0, columns: columns)), 0)
    }
    guard isFinite else { throw .nonFinite }
    var random = GaussianNumbers(seed: seed)
    let sketch = Matrix(rows: columns, columns: width, elements: (0..<columns * width).map { _ in random.next() })
    var basis = try ThinBasis.ofColumns(times(sketch)).q
    for _ in 0..<max(0, iterations) {
      let across = try ThinBasis.ofColumns(transposedTimes(basis)).q
      basis = try ThinBasis.ofColumns(times(across)).q
    }
    let (product, discarded, total) = try LowRank(up: basis, down: basis.transposedTimes(self)).truncated(to: kept)
    return (product, max(0, total - discarded))
  }
}

/// Seeded normal numbers: SplitMix64 and Marsaglia's polar method.
struct GaussianNumbers {
  private var state: UInt64
  private var spare: Double?

  init(seed: UInt64) { state = seed }

  mutating func next() -> Double {
    if let spare {
      self.spare = nil
      return spare
    }
    while true {
      let (x, y) = (2 * uniform() - 1, 2 * uniform() - 1)
      let square = x * x + y * y
      guard square > 0, square < 1 else { continue }
      let factor = (-2 * Double.log(square) / square).squareRoot()
      spare = y * factor
      return x * factor
    }
  }

  private mutating func uniform() -> Double {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return Double((z ^ (z >> 31)) >> 11) * 0x1p-53
  }
}
