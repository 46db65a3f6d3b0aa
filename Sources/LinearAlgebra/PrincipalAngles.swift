/// The principal angles between two spans.
///
/// Björck and Golub (1973): a cosine near one determines its angle badly, a sine well, so small angles come
/// from the singular values of `Q_b - Q_a Q_aᵀ Q_b` and large ones from those of `Q_aᵀ Q_b`.
public enum PrincipalAngles {
  /// The angles in radians, ascending; as many as the lesser of the two dimensions.
  ///
  /// - Parameters:
  ///   - a: `[n, k]` with orthonormal columns.
  ///   - b: `[n, l]` with orthonormal columns.
  /// - Throws: ``LinearAlgebraError``.
  public static func between(_ a: Matrix, _ b: Matrix) throws(LinearAlgebraError) -> [Double] {
    precondition(a.rows == b.rows, "the spans lie in different spaces")
    // The smaller span is projected onto the larger, so that every angle has a sine.
    let (large, small) = a.columns >= b.columns ? (a, b) : (b, a)
    guard small.columns > 0 else { return [] }
    let cross = large.transposedTimes(small)
    let cosines = try cross.singularValues()
    // Above 45° the cosines serve, and most spans have nothing below it.
    guard let first = cosines.first, first * first >= 0.5 else { return cosines.map { Double.acos($0) } }
    let sines = try ThinBasis.ofColumns(small - large.times(cross)).r.singularValues().reversed()
    return zip(cosines, sines).map { cosine, sine in
      cosine * cosine < 0.5 ? Double.acos(cosine) : Double.asin(min(sine, 1))
    }
  }
}
