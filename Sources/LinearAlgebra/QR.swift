import CLAPACKE
import COpenBLAS

extension Matrix {
  /// The thin QR decomposition `self = Q · R` by Householder reflections.
  ///
  /// - Returns: `Q`, `[rows, k]` with orthonormal columns, and `R`, `[k, columns]` upper triangular, where `k`
  ///   is the lesser of rows and columns.
  /// - Throws: ``LinearAlgebraError/nonFinite``. The C functions are `LAPACKE_dgeqrf` and `LAPACKE_dorgqr`.
  public func qr() throws(LinearAlgebraError) -> (q: Matrix, r: Matrix) {
    let (packed, reflectors) = try householder()
    let k = min(rows, columns)
    let r = Self.upperTriangle(of: packed, k: k)
    guard k > 0 else { return (Matrix(rows: rows, columns: 0), r) }
    var q = packed.firstColumns(k).elements
    let info = unsafe LAPACKE_dorgqr(
      LAPACK_ROW_MAJOR, LAPACKEInt(rows), LAPACKEInt(k), LAPACKEInt(k), &q, LAPACKEInt(k), reflectors)
    guard info == 0 else { throw .nonFinite }
    return (Matrix(rows: rows, columns: k, elements: q), r)
  }

  /// Only the triangular factor of ``qr()``.
  public func qrTriangle() throws(LinearAlgebraError) -> Matrix {
    Self.upperTriangle(of: try householder().packed, k: min(rows, columns))
  }

  private func householder() throws(LinearAlgebraError) -> (packed: Matrix, reflectors: [Double]) {
    let k = min(rows, columns)
    guard k > 0 else { return (self, []) }
    guard isFinite else { throw .nonFinite }
    var packed = elements
    var reflectors = [Double](repeating: 0, count: k)
    let info = unsafe LAPACKE_dgeqrf(
      LAPACK_ROW_MAJOR, LAPACKEInt(rows), LAPACKEInt(columns), &packed, LAPACKEInt(columns), &reflectors)
    guard info == 0 else { throw .nonFinite }
    return (Matrix(rows: rows, columns: columns, elements: packed), reflectors)
  }

  private static func upperTriangle(of packed: Matrix, k: Int) -> Matrix {
    var r = packed.firstRows(k)
    for i in 0..<k {
      for j in 0..<min(i, r.columns) { r[i, j] = 0 }
    }
    return r
  }
}
