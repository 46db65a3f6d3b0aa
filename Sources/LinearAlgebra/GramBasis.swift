import CLAPACKE
import COpenBLAS

/// What makes a set of vectors orthonormal, computed from their Gram matrix alone.
///
/// With `G = V Vᵀ` for vectors `V` (rows), `whitened(C)` turns cross products `C = V_a V_bᵀ` into those of
/// orthonormal bases of the same spans. The vectors are first brought to unit length, so that their lengths, which
/// say nothing of their span, do not decide which of them count. Cholesky serves nearly always; where it comes
/// near the tolerance, the eigenvalues below the tolerance are dropped instead, and with them the directions that
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

  /// Factors a symmetric positive semidefinite Gram matrix.
  ///
  /// - Parameters:
  ///   - gram: `[size, size]`.
  ///   - tolerance: the part of the largest eigenvalue, for vectors of unit length, below which a direction counts
  ///     as absent: the square of the precision of the vectors, and no less than that of the Gram matrix.
  /// - Throws: ``LinearAlgebraError``.
  public init(gram: Matrix, tolerance: Double = 1e-10) throws(LinearAlgebraError) {
    precondition(gram.rows == gram.columns, "a Gram matrix is square")
    guard gram.isFinite else { throw .nonFinite }
    let lengths = (0..<gram.rows).map { max(0, gram[$0, $0]).squareRoot() }
    let inverse = lengths.map { $0 > 0 ? 1 / $0 : 0 }
    let unit = gram.scalingRows(by: inverse).scalingColumns(by: inverse)
    // Lengths near the least that a double can hold have no inverse.
    guard unit.isFinite else { throw .nonFinite }
    if let l = Self.cholesky(unit, tolerance: tolerance) {
      rank = gram.rows
      factor = .cholesky(l.scalingRows(by: lengths))
      return
    }
    let (values, vectors) = try unit.symmetricEigen()
    let least = max((values.last ?? 0) * tolerance, .leastNormalMagnitude)
    let kept = values.indices.filter { values[$0] > least }
    var w = Matrix(rows: kept.count, columns: gram.rows)
    for (row, index) in kept.enumerated() {
      for j in 0..<gram.rows { w[row, j] = vectors[j, index] / values[index].squareRoot() }
    }
    rank = kept.count
    factor = .eigen(w.scalingColumns(by: inverse))
  }

  /// The factor, unless a pivot comes so near the tolerance that an eigenvalue may lie below it.
  private static func cholesky(_ unit: Matrix, tolerance: Double) -> Matrix? {
    guard unit.rows > 0 else { return unit }
    var a = unit.elements
    let n = LAPACKEInt(unit.rows)
    guard unsafe LAPACKE_dpotrf(LAPACK_ROW_MAJOR, CChar(UInt8(ascii: "L")), n, &a, n) == 0 else { return nil }
    var l = Matrix(rows: unit.rows, columns: unit.rows, elements: a)
    var least = 1.0
    for i in 0..<l.rows {
      for j in i + 1..<max(l.rows, i + 1) { l[i, j] = 0 }
      least = min(least, l[i, i])
    }
    // A squared pivot bounds the least eigenvalue from above, seldom by more than a factor of a hundred.
    return least * least > 100 * tolerance * Double(unit.rows) ? l : nil
  }

  /// The squared norm of `Q_aᵀ Q_b`, the sum of the squared cosines of the principal angles between two spans,
  /// from the cross products `[a.size, b.size]` of the vectors.
  public static func squaredCosines(_ a: GramBasis, _ b: GramBasis, cross: Matrix) -> Double {
    let left = a.whitened(cross)
    return b.whitened(left.transposed).squaredNorm
  }

  /// `W`, `[rank, size]`, for which `W V` is an orthonormal basis of the span, so that `Wᵀ W` is the pseudo-inverse of the
  /// Gram matrix.
  public var orthonormaliser: Matrix {
    switch factor {
    case .eigen(let w): w
    case .cholesky(let l): whitened(.identity(l.rows))
    }
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
