/// How the learning rate changes over a run: a factor for each step, to be multiplied by each group's own rate.
///
/// Warm-up comes first and grows from 0; the shape takes the rest of the steps. Steps count from 0: the factor at 0 is
/// used by the first step of the optimiser. Formulas are those of transformers' and diffusers' schedules.
public struct RateSchedule: Sendable, Hashable {
  /// What follows warm-up.
  public let shape: RateShape
  /// The number of steps of the run.
  public let steps: Int
  /// The number of steps that the rate grows in.
  public let warmup: Int

  /// Makes a schedule.
  /// - Throws: ``OptimisationError`` for a warm-up longer than the run, or numbers that no shape allows.
  public init(_ shape: RateShape, steps: Int, warmup: Warmup = .steps(0)) throws(OptimisationError) {
    guard steps >= 1 else { throw OptimisationError("a run has \(steps) steps; 1 is the least") }
    switch warmup {
    case .steps(let count): self.warmup = count
    case .fraction(let part):
      guard (0...1).contains(part) else {
        throw OptimisationError("the warm-up takes the fraction \(part) of the run; it must be from 0 to 1")
      }
      self.warmup = Int(part * Double(steps))
    }
    guard (0...steps).contains(self.warmup) else {
      throw OptimisationError("the warm-up takes \(self.warmup) steps of a run of \(steps); it must be within the run")
    }
    try shape.check()
    if case .oneCycle = shape, self.warmup > 0 {
      throw OptimisationError("the one-cycle schedule has a warm-up of its own, its rise; leave the other out")
    }
    self.shape = shape
    self.steps = steps
  }

  /// What the rate is multiplied by at a step; 0 or greater.
  public func factor(at step: Int) -> Double {
    if case .oneCycle(let rise, let divisor, let finalDivisor) = shape {
      return RateShape.oneCycle(
        Double(step), of: Double(steps), rise: rise, divisor: divisor, finalDivisor: finalDivisor)
    }
    if step < warmup { return Double(step) / Double(warmup) }
    return shape.factor(after: Double(step - warmup), of: Double(max(1, steps - warmup)), warmup: Double(warmup))
  }

  /// How long the rate grows.
  public enum Warmup: Sendable, Hashable {
    /// A number of steps.
    case steps(Int)
    /// A part of the run, rounded down to steps.
    case fraction(Double)
  }
}
