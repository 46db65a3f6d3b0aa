import CLAPACKE
import COpenBLAS

/// A thin singular value decomposition, `U · diag(σ) · Vᵀ`.
public struct SVD: Sendable {
  /// The left singular vectors, `[rows, k]`.
  public var u: Matrix
  /// The singular values, greatest first; `k` of them.
  public var values: [Double]
  /// The right singular vectors, transposed, `[k, columns]`.
  public var vt: Matrix

  /// Creates a decomposition from its parts.
  public init(u: Matrix, values: [Double], vt: Matrix) {
    self.u = u
    self.values = values
    self.vt = vt
  }
}

extension Matrix {
  /// The thin singular value decomposition.
  ///
  /// The C function is `LAPACKE_dgesdd`.
  public func svd() throws(LinearAlgebraError) -> SVD {
    let k = min(rows, columns)
    guard k > 0 else {
      return SVD(u: Matrix(rows: rows, columns: 0), values: [], vt: Matrix(rows: 0, columns: columns))
    }
    guard isFinite else { throw .nonFinite }
    var a = elements
    var s = [Double](repeating: 0, count: k)
    var u = [Double](repeating: 0, count: rows * k)
    var vt = [Double](repeating: 0, count: k * columns)
    let info = unsafe LAPACKE_dgesdd(
      LAPACK_ROW_MAJOR, CChar(UInt8(ascii: "S")), LAPACKEInt(rows), LAPACKEInt(columns), &a, LAPACKEInt(columns), &s,
      &u, LAPACKEInt(k), &vt, LAPACKEInt(columns))
    guard info == 0 else { throw .noConvergence("dgesdd") }
    return SVD(
      u: Matrix(rows: rows, columns: k, elements: u), values: s, vt: Matrix(rows: k, columns: columns, elements: vt))
  }

  /// The singular values alone, greatest first.
  public func singularValues() throws(LinearAlgebraError) -> [Double] {
    let k = min(rows, columns)
    guard k > 0 else { return [] }
    guard isFinite else { throw .nonFinite }
    var a = elements
    var s = [Double](repeating: 0, count: k)
    var none: [Double] = [0]
    var alsoNone: [Double] = [0]
    let info = unsafe LAPACKE_dgesdd(
      LAPACK_ROW_MAJOR, CChar(UInt8(ascii: "N")), LAPACKEInt(rows), LAPACKEInt(columns), &a, LAPACKEInt(columns), &s,
      &none, LAPACKEInt(max(k, 1)), &alsoNone, LAPACKEInt(columns))
    guard info == 0 else { throw .noConvergence("dgesdd") }
    return s
  }

  /// The eigenvalues of a symmetric matrix, ascending, and its eigenvectors as columns.
  ///
  /// The C function is `LAPACKE_dsyevd`.
  public func symmetricEigen() throws(LinearAlgebraError) -> (values: [Double], vectors: Matrix) {
    precondition(rows == columns, "a symmetric matrix is square")
    guard rows > 0 else { return ([], self) }
    guard isFinite else { throw .nonFinite }
    var a = elements
    var w = [Double](repeating: 0, count: rows)
    let info = unsafe LAPACKE_dsyevd(
      LAPACK_ROW_MAJOR, CChar(UInt8(ascii: "V")), CChar(UInt8(ascii: "U")), LAPACKEInt(rows), &a, LAPACKEInt(rows), &w)
    guard info == 0 else { throw .noConvergence("dsyevd") }
    return (w, Matrix(rows: rows, columns: rows, elements: a))
  }
}
