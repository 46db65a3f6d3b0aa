import CLAPACKE
import COpenBLAS

/// What makes a set of vectors orthonormal, computed from their Gram matrix alone.
///
/// With `G = V Vᵀ` for vectors `V` (rows), `whitened(C)` turns cross products `C = V_a V_bᵀ` into those of
/// orthonormal bases of the same spans. Cholesky serves nearly always; when a pivot is below 1e-10 of the
/// largest, the eigenvalues below 1e-10 of the largest are dropped instead, and with them the directions that
/// are not really there.
public struct GramBasis: Sendable {
  /// The dimension of the span.
  public let rank: Int
  private let factor: Factor

  private enum Factor: Sendable {
    /// `L` with `G = L Lᵀ`.
    case cholesky(Matrix)
    /// `W`, `[rank, size]`, with `W G Wᵀ = 1`.
    case eigen(Matrix)
  }

  /// The part of the largest eigenvalue below which a direction counts as absent.
  public static let tolerance = 1e-10

  /// Factors a symmetric positive semidefinite Gram matrix.
  public init(gram: Matrix) throws(LinearAlgebraError) {
    precondition(gram.rows == gram.columns, "a Gram matrix is square")
    guard gram.isFinite else { throw .nonFinite }
    if let l = Self.cholesky(gram) {
      rank = gram.rows
      factor = .cholesky(l)
      return
    }
    let (values, vectors) = try gram.symmetricEigen()
    let least = max((values.last ?? 0) * Self.tolerance, .leastNormalMagnitude)
    let kept = values.indices.filter { values[$0] > least }
    var w = Matrix(rows: kept.count, columns: gram.rows)
    for (row, index) in kept.enumerated() {
      for j in 0..<gram.rows { w[row, j] = vectors[j, index] / values[index].squareRoot() }
    }
    rank = kept.count
    factor = .eigen(w)
  }

  private static func cholesky(_ gram: Matrix) -> Matrix? {
    guard gram.rows > 0 else { return gram }
    var a = gram.elements
    let n = LAPACKEInt(gram.rows)
    guard unsafe LAPACKE_dpotrf(LAPACK_ROW_MAJOR, CChar(UInt8(ascii: "L")), n, &a, n) == 0 else { return nil }
    var l = Matrix(rows: gram.rows, columns: gram.rows, elements: a)
    var least = Double.infinity
    var largest = 0.0
    for i in 0..<l.rows {
      for j in i + 1..<max(l.rows, i + 1) { l[i, j] = 0 }
      least = min(least, l[i, i])
      largest = max(largest, l[i, i])
    }
    // Pivots are square roots of eigenvalue-sized numbers.
    return least * least > largest * largest * tolerance ? l : nil
  }

  /// The squared norm of `Q_aᵀ Q_b`, the sum of the squared cosines of the principal angles between two spans,
  /// from the cross products `[a.size, b.size]` of the vectors.
  public static func squaredCosines(_ a: GramBasis, _ b: GramBasis, cross: Matrix) -> Double {
    let left = a.whitened(cross)
    return b.whitened(left.transposed).squaredNorm
  }

  /// `L⁻¹ C` or `W C`: the cross products with this set made orthonormal.
  ///
  /// The C function is `cblas_dtrsm`.
  private func whitened(_ cross: Matrix) -> Matrix {
    switch factor {
    case .eigen(let w): return w.times(cross)
    case .cholesky(let l):
      guard cross.columns > 0, cross.rows > 0 else { return cross }
      var result = cross.elements
      unsafe cblas_dtrsm(
        CblasRowMajor, CblasLeft, CblasLower, CblasNoTrans, CblasNonUnit, blasint(cross.rows), blasint(cross.columns),
        1,
        l.elements, blasint(l.rows), &result, blasint(cross.columns))
      return Matrix(rows: cross.rows, columns: cross.columns, elements: result)
    }
  }
}
