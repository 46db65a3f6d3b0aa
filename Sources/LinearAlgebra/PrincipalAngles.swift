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

  /// An orthonormal basis of the span of the columns, `[rows, rank]`: singular values below 1e-10 of the
  /// largest count as absent.
  public static func basis(_ columns: Matrix) throws(LinearAlgebraError) -> Matrix {
    let (q, r) = try columns.qr()
    let diagonal = (0..<min(r.rows, r.columns)).map { abs(r[$0, $0]) }
    guard let largest = diagonal.max(), largest > 0 else { return Matrix(rows: columns.rows, columns: 0) }
    // A safely full rank needs no decomposition of R.
    if let least = diagonal.min(), least > largest * 1e-6 { return q }
    let core = try r.svd()
    let kept = core.values.prefix { $0 > (core.values.first ?? 0) * 1e-10 }.count
    return q.times(core.u.firstColumns(kept))
  }
}
