/// The course of the learning rate after warm-up.
///
/// With `p` for the part of the steps after warm-up that are done.
public enum RateShape: Sendable, Hashable {
  /// Stays.
  case constant
  /// `1 − p`.
  case linear
  /// `m + (1−m)(1 + cos 2πcp)/2` with `m` the least factor; half a cycle ends there.
  case cosine(cycles: Double = 0.5, minimum: Double = 0)
  /// Starts again at 1: `(1 + cos π(cp mod 1))/2`.
  case cosineRestarts(cycles: Double = 1)
  /// `e + (1−e)(1−p)^power`, with `e` the last factor.
  case polynomial(power: Double = 1, end: Double = 0)
  /// `1/√((step + s − w)/s)` with `s` the scale (warm-up's steps `w`, or 10 000 without) and warm-up `w`.
  case inverseSquareRoot(scale: Double? = nil)
  /// Stays, then falls to `minimum` by a half cosine over the last part of the whole run's steps after warm-up.
  case stableDecay(decay: Double = 0.1, minimum: Double = 0)
  /// `m + (1−m)(1−p)/(1 − d + d(1−p))` (Chen et al., arXiv 2107.04197, where `d` is ½).
  case rex(depth: Double = 0.5, minimum: Double = 0)
  /// PyTorch's one cycle, with cosines: grows for the part `rise` of the run from `1/divisor`, then falls to
  /// `1/(divisor · finalDivisor)`; warm-up is its own.
  case oneCycle(rise: Double = 0.3, divisor: Double = 25, finalDivisor: Double = 1e4)

  /// Refuses numbers that make no course.
  func check() throws(OptimisationError) {
    let part = 0.0...1
    let fits: Bool =
      switch self {
      case .constant, .linear: true
      case .cosine(let cycles, let minimum): cycles > 0 && part.contains(minimum)
      case .cosineRestarts(let cycles): cycles > 0
      case .polynomial(let power, let end): power > 0 && part.contains(end)
      case .inverseSquareRoot(let scale): scale.map { $0 > 0 } ?? true
      case .stableDecay(let decay, let minimum): part.contains(decay) && part.contains(minimum)
      case .rex(let depth, let minimum): depth >= 0 && depth < 1 && part.contains(minimum)
      case .oneCycle(let rise, let divisor, let final): rise > 0 && rise < 1 && divisor >= 1 && final >= 1
      }
    guard fits else {
      throw OptimisationError(
        "the learning-rate schedule \(self) has numbers out of range: least factors and parts are from 0 to 1, cycles, "
          + "powers and scales above 0")
    }
  }

  /// The factor `done` steps after warm-up, of `count`.
  func factor(after done: Double, of count: Double, warmup: Double) -> Double {
    let progress = done / count
    let left = max(0, 1 - progress)
    switch self {
    case .constant, .oneCycle: return 1
    case .linear: return left
    case .cosine(let cycles, let minimum):
      return max(0, Self.between(minimum, 1, Self.wave(2 * cycles * progress)))
    case .cosineRestarts(let cycles):
      return progress >= 1 ? 0 : Self.wave((cycles * progress).truncatingRemainder(dividingBy: 1))
    case .polynomial(let power, let end): return Self.between(end, 1, ElementaryFunctions.power(left, power))
    case .inverseSquareRoot(let scale):
      let scale = scale ?? (warmup > 0 ? warmup : 10_000)
      return 1 / ((done + scale) / scale).squareRoot()
    case .stableDecay(let decay, let minimum):
      // Whole steps, as the reference counts them.
      let falling = (decay * count).rounded(.down)
      let into = done - (count - falling)
      if into < 0 { return 1 }
      return into < falling ? Self.between(minimum, 1, Self.wave(into / falling)) : minimum
    case .rex(let depth, let minimum): return Self.between(minimum, 1, left / (1 - depth + depth * left))
    }
  }

  /// `(1 + cos πx) / 2`.
  private static func wave(_ x: Double) -> Double { 0.5 * (1 + ElementaryFunctions.cosine(.pi * x)) }

  private static func between(_ low: Double, _ high: Double, _ part: Double) -> Double { low + (high - low) * part }

  static func oneCycle(
    _ step: Double, of steps: Double, rise: Double, divisor: Double, finalDivisor: Double
  ) -> Double {
    let (first, last) = (1 / divisor, 1 / (divisor * finalDivisor))
    let top = rise * steps - 1
    if step <= top { return between(1, first, wave(step / max(top, .leastNormalMagnitude))) }
    return between(last, 1, wave(min(1, (step - top) / max(steps - 1 - top, .leastNormalMagnitude))))
  }
}
