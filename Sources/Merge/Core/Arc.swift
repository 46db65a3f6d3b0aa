import LinearAlgebra

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// The way between two LoRAs on the sphere.
enum Arc {
  /// The second strength's share; the middle when they add up to nothing.
  static func share(_ strengths: [Double]) -> Double {
    let total = strengths.reduce(0, +)
    return abs(total) < 1e-6 ? 0.5 : strengths[1] / total
  }

  /// The point `t` of the way, on the chord where the two are parallel: above this |cosine|, or at `sin θ < 1e-8`.
  static func between(_ layer: CoreLayer, t: Double, straightAbove limit: Double) -> Matrix {
    func share(_ source: Int) -> Double { source == 0 ? 1 - t : t }
    guard layer.cores.count == 2 else { return layer.cores[0].scaled(by: share(layer.sources[0])) }
    let (a, b) = (layer.cores[0], layer.cores[1])
    let norms = (a.squaredNorm * b.squaredNorm).squareRoot()
    let cosine = norms > 0 ? max(-1, min(1, a.dot(b) / norms)) : 1
    let angle = acos(cosine)
    guard abs(cosine) <= limit, sin(angle) >= 1e-8 else { return a.scaled(by: 1 - t) + b.scaled(by: t) }
    return a.scaled(by: sin((1 - t) * angle) / sin(angle)) + b.scaled(by: sin(t * angle) / sin(angle))
  }
}
