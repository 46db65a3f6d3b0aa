import CLAPACKE

/// The orthonormal basis of a thin matrix's columns or rows, kept as the matrix and the triangle that make it.
///
/// With `G = AᵀA = RᵀR`, `Q = A R⁻¹`, and `Q m = A (R⁻¹ m)`: when only a few directions of `Q` are wanted, the large
/// product is made once, for these, and `Q` itself never. One Cholesky decomposition errs by the square of the
/// condition times rounding, 1e-10 at the limit of 1e3; beyond it ``ThinBasis`` gives the basis explicitly.
package struct ThinFactor: Sendable {
  /// `[k, count]`: `A = Q R`, or `A = Rᵀ Q` for rows.
  package let r: Matrix
  private let matrix: Matrix
  /// `R⁻¹`; nil where `matrix` is the basis itself.
  private let inverse: Matrix?
  private let isRows: Bool

  /// The basis of the columns of `a`, `[n, k]`.
  package static func ofColumns(_ a: Matrix) throws(LinearAlgebraError) -> ThinFactor {
    try ThinFactor(a, rows: false)
  }

  /// The basis of the rows of `a`, `[k, n]`.
  package static func ofRows(_ a: Matrix) throws(LinearAlgebraError) -> ThinFactor {
    try ThinFactor(a, rows: true)
  }

  private init(_ a: Matrix, rows: Bool) throws(LinearAlgebraError) {
    isRows = rows
    let gram = rows ? a.rowGram : a.columnGram
    guard gram.isFinite else { throw .nonFinite }
    if let r = gram.upperCholesky, let inverse = r.inverseOfUpperTriangle, Self.isWellConditioned(r) {
      (self.r, matrix, self.inverse) = (r, a, inverse)
      return
    }
    let explicit = rows ? try ThinBasis.ofRows(a) : try ThinBasis.ofColumns(a)
    (r, matrix, inverse) = (explicit.r, explicit.q, nil)
  }

  /// How many directions there are.
  package var count: Int { r.rows }

  /// `Q m`, `[n, j]`, for columns and `m`, `[k, j]`; `m Q`, `[j, n]`, for rows and `m`, `[j, k]`.
  package func lifted(_ m: Matrix) -> Matrix {
    guard let small = coefficients(m) else { return isRows ? m.times(matrix) : matrix.times(m) }
    return isRows ? small.times(matrix) : matrix.times(small)
  }

  /// What the original matrix is multiplied by in ``lifted(_:)``: `R⁻¹ m`, or `m R⁻ᵀ` for rows; nil where it takes the
  /// basis itself.
  package func coefficients(_ m: Matrix) -> Matrix? {
    guard let inverse else { return nil }
    return isRows ? m.timesTransposed(inverse) : inverse.times(m)
  }

  /// The basis itself: `[n, k]` with orthonormal columns, or `[k, n]` with orthonormal rows.
  package var explicit: Matrix { lifted(.identity(count)) }

  private static func isWellConditioned(_ r: Matrix) -> Bool {
    let pivots = (0..<r.rows).map { r[$0, $0] }
    return (pivots.min() ?? 1) > (pivots.max() ?? 0) * 1e-3
  }
}

extension Matrix {
  /// `R`, upper triangular, with `RᵀR = self`; nil when the matrix is not positive definite.
  ///
  /// The C function is `LAPACKE_dpotrf`.
  fileprivate var upperCholesky: Matrix? {
    guard rows > 0 else { return nil }
    var factor = elements
    let size = LAPACKEInt(rows)
    guard unsafe LAPACKE_dpotrf(LAPACK_ROW_MAJOR, CChar(UInt8(ascii: "U")), size, &factor, size) == 0 else {
      return nil
    }
    var r = Matrix(rows: rows, columns: rows, elements: factor)
    for i in 0..<rows {
      for j in 0..<i { r[i, j] = 0 }
    }
    return r
  }

  /// The inverse of an upper triangle; nil when it is singular.
  ///
  /// The C function is `LAPACKE_dtrtri`.
  var inverseOfUpperTriangle: Matrix? {
    var inverse = elements
    let size = LAPACKEInt(rows)
    guard
      unsafe LAPACKE_dtrtri(
        LAPACK_ROW_MAJOR, CChar(UInt8(ascii: "U")), CChar(UInt8(ascii: "N")), size, &inverse, size) == 0
    else { return nil }
    return Matrix(rows: rows, columns: rows, elements: inverse)
  }
}
