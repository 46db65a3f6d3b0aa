/// One side's overlap of one layer with its null model, as sums that can be added over layers.
///
/// The null is Haar: one of the two LoRAs is rotated at random in the `d`-dimensional space on this side.
/// For symmetric `P`, `Q` with traces `t` and squared norms `q`, a random rotation gives
/// `E tr(PQ) = t_a t_b / d` and `Var = 2 (q_a - t_a²/d) (q_b - t_b²/d) / ((d - 1)(d + 2))`.
/// With `P = ΔWᵀΔW` this is the null of ω; with projectors (`t = q = rank`) it is that of φ.
struct OverlapTerms: Sendable {
  /// The overlap itself, `tr(PQ)`.
  var x = 0.0
  /// The greatest value it could take: `√(q_a q_b)` for ω (Cauchy–Schwarz), the lesser rank for φ.
  ///
  /// Of no use for ω when layers are summed, where the sums of `q_a` and `q_b` take its place.
  var most = 0.0
  /// Its mean under the null.
  var expected = 0.0
  /// Its variance under the null.
  var variance = 0.0

  init() {}

  init(x: Double, most: Double, ta: Double, tb: Double, qa: Double, qb: Double, dimension: Int) {
    let d = Double(dimension)
    self.x = x
    self.most = most
    expected = ta * tb / d
    // In one dimension nothing can be rotated, so nothing varies.
    variance = d > 1 ? max(0, 2 * (qa - ta * ta / d) * (qb - tb * tb / d) / ((d - 1) * (d + 2))) : 0
  }

  static func + (a: OverlapTerms, b: OverlapTerms) -> OverlapTerms {
    var sum = OverlapTerms()
    sum.x = a.x + b.x
    sum.most = a.most + b.most
    sum.expected = a.expected + b.expected
    sum.variance = a.variance + b.variance
    return sum
  }
}
