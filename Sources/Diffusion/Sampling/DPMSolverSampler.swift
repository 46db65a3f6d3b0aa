public import Torch

/// DPM-Solver++ of second order with two steps' memory, midpoint form (Lu et al., arXiv 2211.01095, algorithm 2).
///
/// diffusers' `DPMSolverMultistepScheduler` with `dpmsolver++`, `solver_order` 2, `midpoint`, a final sigma of zero; the
/// first and the last step are of first order.
public struct DPMSolverSampler: Sampler {
  /// The steps of the run.
  public let plan: SamplingPlan
  private let prediction: ScheduleConfiguration.Prediction
  private var previous: Tensor?

  /// Plans a run.
  /// - Throws: ``SamplingError`` when the steps do not fit the schedule.
  public init(
    steps: Int, schedule: SamplingSchedule, for configuration: ScheduleConfiguration
  ) throws(SamplingError) {
    let tables = try SinglePrecisionTables(configuration)
    try SamplingPlan.check(steps: steps, limit: configuration.times)
    let times: [Double]
    let levels: [Double]
    if schedule.usesKarrasLevels {
      // Over all levels of the model, unlike Euler's, which keep to those of their spacing.
      levels = KarrasSigmas.levels(
        from: Double(tables.sigmas[tables.sigmas.count - 1]), to: Double(tables.sigmas[0]), steps: steps)
      times = KarrasSigmas.times(levels, tables).map { $0.rounded(.toNearestOrEven) }
    } else {
      times = SamplingTimes(spacing: schedule.spacing, steps: steps, times: configuration.times).solver.map(Double.init)
      levels = times.map { tables.sigma(at: $0) }
    }
    plan = try SamplingPlan(
      .dpmSolver, schedule, times: times, levels: (levels.map { Double(Float($0)) }) + [0], initialScale: 1,
      limit: configuration.times)
    prediction = configuration.prediction
  }

  /// Weights of picture and noise at a level, and half the logarithm of their ratio squared.
  private struct Level {
    let signal: Float
    let noise: Float
    var lambda: Float { SamplingMath.log(signal) - SamplingMath.log(noise) }

    init(_ sigma: Double) {
      let sigma = Float(sigma)
      signal = 1 / (sigma * sigma + 1).squareRoot()
      noise = sigma * signal
    }
  }

  /// The latents as they are: their variance is 1 at all times.
  public func input(_ latents: Tensor, at step: SamplingPlan.Step) throws -> Tensor { latents }

  /// A step along `λ = log(√ᾱ/√(1−ᾱ))` with x₀ extrapolated from this step and the one before.
  public mutating func advance(
    _ latents: Tensor, prediction output: Tensor, at step: SamplingPlan.Step, noise: NoiseSource
  ) throws -> Tensor {
    let (from, to) = (Level(step.sigma), Level(step.nextSigma))
    let clean =
      switch prediction {
      case .epsilon: try (latents - output * Double(from.noise)) / Double(from.signal)
      case .velocity: try latents * Double(from.signal) - output * Double(from.noise)
      }
    defer { previous = clean }
    let width = to.lambda - from.lambda
    let weight = to.signal * (SamplingMath.exp(-width) - 1)
    let first = try latents * Double(to.noise / from.noise) - clean * Double(weight)
    guard let previous, step.index > 0, step.nextSigma > 0 else { return first }
    let ratio = (from.lambda - Level(plan.steps[step.index - 1].sigma).lambda) / width
    let change = try (clean - previous) * Double(1 / ratio)
    return try first - change * Double(0.5 * weight)
  }
}
