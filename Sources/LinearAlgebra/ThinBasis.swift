import CLAPACKE
import COpenBLAS

/// An orthonormal basis of the columns, or of the rows, of a thin matrix, with the triangle that leads back.
///
/// Cholesky QR, twice (Yamamoto et al. 2015): `G = AᵀA`, `R = chol(G)`, `Q = A R⁻¹`, and once more on `Q`. All of it
/// is matrix multiplication, several times as fast as Householder reflections on matrices this thin, and as accurate
/// while the condition number stays below about 1e6. Beyond that, or without full rank, Householder is used instead.
package struct ThinBasis {
  /// With orthonormal columns, `[n, k]`, or orthonormal rows, `[k, n]`.
  package var q: Matrix
  /// `A = Q · r` for columns, `A = rᵀ · Q` for rows; `[k, columns]` or `[k, rows]`.
  package var r: Matrix

  /// The basis of the columns of `a`, `[n, k]`.
  package static func ofColumns(_ a: Matrix) throws(LinearAlgebraError) -> ThinBasis {
    if a.rows >= a.columns, let fast = twice(a, rows: false) { return fast }
    let (q, r) = try a.qr()
    return ThinBasis(q: q, r: r)
  }

  /// The basis of the rows of `a`, `[k, n]`.
  package static func ofRows(_ a: Matrix) throws(LinearAlgebraError) -> ThinBasis {
    if a.columns >= a.rows, let fast = twice(a, rows: true) { return fast }
    let (q, r) = try a.transposed.qr()
    return ThinBasis(q: q.transposed, r: r)
  }

  private static func twice(_ a: Matrix, rows: Bool) -> ThinBasis? {
    guard let first = once(a, rows: rows), let second = once(first.q, rows: rows) else { return nil }
    return ThinBasis(q: second.q, r: second.r.times(first.r))
  }

  /// One pass; nil when the Gram matrix is too close to singular.
  ///
  /// The C function is `LAPACKE_dpotrf`.
  private static func once(_ a: Matrix, rows: Bool) -> ThinBasis? {
    let k = rows ? a.rows : a.columns
    guard k > 0 else { return nil }
    let gram = rows ? a.rowGram : a.columnGram
    guard gram.isFinite else { return nil }
    var factor = gram.elements
    let size = LAPACKEInt(k)
    guard unsafe LAPACKE_dpotrf(LAPACK_ROW_MAJOR, CChar(UInt8(ascii: "U")), size, &factor, size) == 0 else {
      return nil
    }
    var r = Matrix(rows: k, columns: k, elements: factor)
    var (least, largest) = (Double.infinity, 0.0)
    for i in 0..<k {
      for j in 0..<i { r[i, j] = 0 }
      least = min(least, r[i, i])
      largest = max(largest, r[i, i])
    }
    // The ratio of pivots bounds the condition number from below; beyond 1e6 the second pass could not mend the first.
    guard least > largest * 1e-6 else { return nil }
    // An inverse errs by the condition times rounding, a substitution by rounding alone; but a product is several
    // times as fast, and up to a condition of a thousand, where most factors lie, it costs no digit that counts.
    guard least > largest * 1e-3, let inverse = r.inverseOfUpperTriangle else {
      return ThinBasis(q: substituted(a, r, rows: rows), r: r)
    }
    return ThinBasis(q: rows ? inverse.transposedTimes(a) : a.times(inverse), r: r)
  }

  /// The basis itself by substitution: `A R⁻¹`, or `R⁻ᵀ A` for rows.
  ///
  /// The C function is `cblas_dtrsm`.
  private static func substituted(_ a: Matrix, _ r: Matrix, rows: Bool) -> Matrix {
    var q = a.elements
    if rows {
      unsafe cblas_dtrsm(
        CblasRowMajor, CblasLeft, CblasUpper, CblasTrans, CblasNonUnit, blasint(a.rows), blasint(a.columns), 1,
        r.elements, blasint(r.rows), &q, blasint(a.columns))
    } else {
      unsafe cblas_dtrsm(
        CblasRowMajor, CblasRight, CblasUpper, CblasNoTrans, CblasNonUnit, blasint(a.rows), blasint(a.columns), 1,
        r.elements, blasint(r.rows), &q, blasint(a.columns))
    }
    return Matrix(rows: a.rows, columns: a.columns, elements: q)
  }
}
