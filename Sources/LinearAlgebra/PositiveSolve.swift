import CLAPACKE

extension Matrix {
  /// `S⁻¹ X` for a symmetric positive definite `S`, by Cholesky.
  ///
  /// - Parameter right: `X`, `[rows, columns]`.
  /// - Returns: `[rows, columns]`.
  /// - Throws: ``LinearAlgebraError/nonFinite``, or ``LinearAlgebraError/noConvergence(_:)`` where `S` is not positive
  ///   definite. The C function is `LAPACKE_dposv`.
  public func solvingPositive(_ right: Matrix) throws(LinearAlgebraError) -> Matrix {
    precondition(rows == columns && rows == right.rows, "shapes that do not fit")
    guard isFinite, right.isFinite else { throw .nonFinite }
    guard rows > 0, right.columns > 0 else { return right }
    var (a, x) = (elements, right.elements)
    let info = unsafe LAPACKE_dposv(
      LAPACK_ROW_MAJOR, CChar(UInt8(ascii: "L")), LAPACKEInt(rows), LAPACKEInt(right.columns), &a, LAPACKEInt(rows), &x,
      LAPACKEInt(right.columns))
    guard info == 0 else { throw .noConvergence("dposv") }
    return Matrix(rows: rows, columns: right.columns, elements: x)
  }
}
