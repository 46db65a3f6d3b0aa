/// The singular value decomposition of a product of thin factors, kept as what is small about it.
///
/// `up · down = B R_B⁻¹ P Σ Qᵀ R_A⁻ᵀ A`, so with the factors themselves at hand, `R_B⁻¹ P` and `Qᵀ R_A⁻ᵀ` are all that it
/// takes to cut to a rank that is chosen later.
package struct CoreSVD: Sendable {
  /// The singular values, greatest first.
  package let values: [Double]
  /// `R_B⁻¹ P`, `[k, kept]`, and `Qᵀ R_A⁻ᵀ`, `[kept, k]`; nil where they were not wanted, or where a factor is so badly
  /// conditioned that its triangle alone is not enough.
  fileprivate let directions: (left: Matrix, right: Matrix)?
}

extension LowRank {
  /// Decomposes the product.
  ///
  /// - Parameter directions: how many directions are kept for ``truncated(to:by:)``; 0 for none.
  package func coreSVD(directions: Int) throws(LinearAlgebraError) -> CoreSVD {
    guard directions > 0 else { return CoreSVD(values: try singularValues(), directions: nil) }
    let left = try ThinFactor.ofColumns(up)
    let right = try ThinFactor.ofRows(down)
    let core = try left.r.timesTransposed(right.r).svd()
    let kept = min(directions, core.values.count)
    guard let b = left.coefficients(core.u.firstColumns(kept)), let a = right.coefficients(core.vt.firstRows(kept))
    else {
      return CoreSVD(values: core.values, directions: nil)
    }
    return CoreSVD(values: core.values, directions: (b, a))
  }

  /// The best approximation of a rank, from a decomposition of the same factors; nil where it does not hold as many
  /// directions.
  package func truncated(to rank: Int, by core: CoreSVD) -> LowRank? {
    let kept = min(rank, core.values.count)
    guard let (left, right) = core.directions, left.columns >= kept, left.rows == self.rank else { return nil }
    let roots = core.values[..<kept].map { $0.squareRoot() }
    return LowRank(
      up: up.times(left.firstColumns(kept).scalingColumns(by: roots)),
      down: right.firstRows(kept).scalingRows(by: roots).times(down))
  }
}
