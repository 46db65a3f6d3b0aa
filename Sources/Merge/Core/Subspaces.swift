import LinearAlgebra

extension Matrix {
  /// The singular triplets that are really there: values above 1e-10 of the largest.
  func compactSVD() throws(LinearAlgebraError) -> SVD {
    let full = try svd()
    let largest = full.values.first ?? 0
    return full.leading(full.values.prefix { $0 > 0 && $0 > largest * 1e-10 }.count)
  }

  /// The nearest matrix with orthonormal columns (or rows, if it is wide): `P Qᵀ` of `P Σ Qᵀ`, which is `X (XᵀX)^-½`.
  func polarFactor() throws(LinearAlgebraError) -> Matrix {
    let svd = try svd()
    return svd.u.times(svd.vt)
  }

  /// `self` without its part in the row space of `basis`, `[r, q]` with orthonormal rows, times `share`.
  func removing(rowSpace basis: Matrix, share: Double = 1) -> Matrix {
    self - times(basis.transposed).times(basis).scaled(by: share)
  }
}

extension SVD {
  /// The first triplets.
  func leading(_ count: Int) -> SVD {
    SVD(u: u.firstColumns(count), values: Array(values.prefix(count)), vt: vt.firstRows(count))
  }
}
