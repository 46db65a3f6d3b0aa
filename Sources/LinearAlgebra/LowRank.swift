/// A matrix held as a product of two thin factors, `up · down`, never multiplied out unless asked.
public struct LowRank: Sendable {
  /// The left factor, `[out, rank]` (kohya's `lora_up`, PEFT's `B`), with any scale folded in.
  public var up: Matrix
  /// The right factor, `[rank, in]` (kohya's `lora_down`, PEFT's `A`).
  public var down: Matrix

  /// Creates a product; the inner dimensions must agree.
  public init(up: Matrix, down: Matrix) {
    precondition(up.columns == down.rows, "the factors' ranks differ")
    self.up = up
    self.down = down
  }

  /// The inner dimension.
  public var rank: Int { down.rows }
  /// The number of output features, `out`.
  public var outputs: Int { up.rows }
  /// The number of input features, `in`; for a convolution, channels times kernel size.
  public var inputs: Int { down.columns }

  /// The product itself, `[out, in]`.
  public var dense: Matrix { up.times(down) }

  /// This product, with at most `min(out, in)` as its inner dimension: beyond it the factors are larger than
  /// what they describe (a rank-32 LoHa has 1024 columns), so they are multiplied out.
  public var compacted: LowRank {
    guard rank > min(outputs, inputs) else { return self }
    return outputs <= inputs
      ? LowRank(up: .identity(outputs), down: dense) : LowRank(up: dense, down: .identity(inputs))
  }

  /// The exact sum of products of one shape: the factors side by side and stacked.
  public static func sum(_ terms: [LowRank]) -> LowRank {
    LowRank(up: .beside(terms.map(\.up)), down: .stacked(terms.map(\.down)))
  }

  /// `‖up · down‖²`, the sum of the squared singular values.
  public var squaredNorm: Double { up.columnGram.dot(down.rowGram) }

  /// The singular values, greatest first, from the triangles of two thin QR decompositions.
  public func singularValues() throws(LinearAlgebraError) -> [Double] {
    try ThinBasis.ofColumns(up).r.timesTransposed(ThinBasis.ofRows(down).r).singularValues()
  }

  /// The thin singular value decomposition, with as many values as the triangles allow: `U [out, k]`, `Vᵀ [k, in]`.
  public func svd() throws(LinearAlgebraError) -> SVD {
    let left = try ThinFactor.ofColumns(up)
    let right = try ThinFactor.ofRows(down)
    let core = try left.r.timesTransposed(right.r).svd()
    return SVD(u: left.lifted(core.u), values: core.values, vt: right.lifted(core.vt))
  }

  /// The best approximation of a rank (Eckart–Young), as factors that share the singular values evenly.
  ///
  /// - Parameter rank: the greatest inner dimension of the result.
  /// - Returns: the factors, the energy `Σσ²` of the discarded singular values, and that of all.
  public func truncated(
    to rank: Int
  ) throws(LinearAlgebraError) -> (product: LowRank, discarded: Double, total: Double) {
    let left = try ThinFactor.ofColumns(up)
    let right = try ThinFactor.ofRows(down)
    let core = try left.r.timesTransposed(right.r).svd()
    let kept = min(rank, core.values.count)
    let roots = core.values[..<kept].map { $0.squareRoot() }
    let energies = core.values.map { $0 * $0 }
    // The small factors are cut before the large product, so that only what is kept is multiplied out.
    let product = LowRank(
      up: left.lifted(core.u.firstColumns(kept).scalingColumns(by: roots)),
      down: right.lifted(core.vt.firstRows(kept).scalingRows(by: roots)))
    // Smallest first, so that small terms are not lost in a large sum.
    return (product, energies[kept...].reversed().reduce(0, +), energies.reversed().reduce(0, +))
  }
}
