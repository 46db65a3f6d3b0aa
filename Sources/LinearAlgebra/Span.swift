/// The span of some vectors: an orthonormal basis of it, and the triangle that stands for the vectors within it.
public struct Span: Sendable {
  /// An orthonormal basis as columns, `[n, rank]`.
  public let basis: Matrix
  /// `T`, `[k, count]`, with `Tᵀ T` the Gram matrix of the vectors: what a product of factors needs of each.
  public let triangle: Matrix

  /// The span of the columns of a matrix, `[n, count]`.
  ///
  /// - Parameters:
  ///   - columns: vectors of any length; they are brought to unit length first, so that their lengths do not decide
  ///     which of them count.
  ///   - tolerance: the part of the largest singular value below which a direction counts as absent.
  /// - Throws: ``LinearAlgebraError``.
  public init(columns: Matrix, tolerance: Double = 1e-5) throws(LinearAlgebraError) {
    guard columns.isFinite else { throw .nonFinite }
    let lengths = columns.columnLengths
    let thin = try ThinBasis.ofColumns(columns.scalingColumns(by: lengths.map { $0 > 0 ? 1 / $0 : 0 }))
    triangle = thin.r.scalingColumns(by: lengths)
    let diagonal = (0..<min(thin.r.rows, thin.r.columns)).map { abs(thin.r[$0, $0]) }
    // A safely full rank needs no decomposition of the triangle.
    if thin.r.rows == thin.r.columns, let least = diagonal.min(),
      least > 10 * tolerance * Double(thin.r.columns).squareRoot()
    {
      basis = thin.q
      return
    }
    let core = try thin.r.svd()
    let largest = core.values.first ?? 0
    let kept = core.values.prefix { $0 > 0 && $0 > largest * tolerance }.count
    basis = thin.q.times(core.u.firstColumns(kept))
  }
}

extension Matrix {
  /// The length of each column; 0 for one too short for its reciprocal to be a number.
  fileprivate var columnLengths: [Double] {
    var squares = [Double](repeating: 0, count: columns)
    for i in 0..<rows {
      for j in 0..<columns { squares[j] += self[i, j] * self[i, j] }
    }
    return squares.map { $0 >= .leastNormalMagnitude ? $0.squareRoot() : 0 }
  }
}
