/// The principal angles between the column spans of two matrices with orthonormal columns.
///
/// Björck and Golub (1973): a cosine near one determines its angle badly, a sine well, so small angles come
/// from the singular values of `Q_b - Q_a Q_aᵀ Q_b` and large ones from those of `Q_aᵀ Q_b`.
public enum PrincipalAngles {
  /// The angles in radians, ascending; as many as the lesser of the two dimensions.
  ///
  /// - Parameters:
  ///   - a: `[n, k]` with orthonormal columns.
  ///   - b: `[n, l]` with orthonormal columns.
  public static func between(_ a: Matrix, _ b: Matrix) throws(LinearAlgebraError) -> [Double] {
    precondition(a.rows == b.rows, "the spans lie in different spaces")
    // The smaller span is projected onto the larger, so that every angle has a sine.
    let (large, small) = a.columns >= b.columns ? (a, b) : (b, a)
    guard small.columns > 0 else { return [] }
    let cross = large.transposedTimes(small)
    let cosines = try cross.singularValues()
    let sines = try (small - large.times(cross)).qrTriangle().singularValues().reversed()
    return zip(cosines, sines).map { cosine, sine in
      cosine * cosine < 0.5 ? Double.acos(min(cosine, 1)) : Double.asin(min(sine, 1))
    }
  }

  /// An orthonormal basis of the span of the columns, `[rows, rank]`.
  ///
  /// - Parameters:
  ///   - columns: vectors of any length; they are brought to unit length first.
  ///   - tolerance: the part of the largest singular value below which a direction counts as absent.
  public static func basis(_ columns: Matrix, tolerance: Double = 1e-5) throws(LinearAlgebraError) -> Matrix {
    guard columns.isFinite else { throw .nonFinite }
    let (q, r) = try columns.scalingColumns(by: columns.inverseColumnLengths).qr()
    let diagonal = (0..<min(r.rows, r.columns)).map { abs(r[$0, $0]) }
    guard let largest = diagonal.max(), largest > 0 else { return Matrix(rows: columns.rows, columns: 0) }
    // A safely full rank needs no decomposition of R.
    if let least = diagonal.min(), least > 10 * tolerance * Double(r.columns).squareRoot() { return q }
    let core = try r.svd()
    let kept = core.values.prefix { $0 > (core.values.first ?? 0) * tolerance }.count
    return q.times(core.u.firstColumns(kept))
  }
}

extension Matrix {
  /// The reciprocal of each column's length; 0 for a column of zeros.
  fileprivate var inverseColumnLengths: [Double] {
    var squares = [Double](repeating: 0, count: columns)
    for i in 0..<rows {
      for j in 0..<columns { squares[j] += self[i, j] * self[i, j] }
    }
    // Below the least normal number the reciprocal would overflow; such a column is as good as zero.
    return squares.map { $0 >= .leastNormalMagnitude ? 1 / $0.squareRoot() : 0 }
  }
}
