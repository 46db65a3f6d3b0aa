internal import Torch

/// What Euler's samplers share: latents are `x₀ + σ ε`, and the network is shown them at variance 1.
struct SigmaLevels: Sendable {
  let plan: SamplingPlan
  private let prediction: ScheduleConfiguration.Prediction

  init(
    _ sampler: SamplerName, steps: Int, schedule: SamplingSchedule, for configuration: ScheduleConfiguration
  ) throws(SamplingError) {
    let tables = try SinglePrecisionTables(configuration)
    try SamplingPlan.check(steps: steps, limit: configuration.times)
    var times = SamplingTimes(spacing: schedule.spacing, steps: steps, times: configuration.times).fractional
    var levels = times.map { tables.sigma(at: $0) }
    if schedule.usesKarrasLevels, let greatest = levels.first, let least = levels.last {
      levels = KarrasSigmas.levels(from: greatest, to: least, steps: steps)
      times = KarrasSigmas.times(levels, tables).map { Double(Float($0)) }
    }
    let rounded = levels.map { Float($0) } + [0]
    let greatest = rounded.max() ?? 0
    // Noise alone where the run begins at the last time; elsewhere what a picture would add to its variance.
    let scale = schedule.spacing == .leading ? (greatest * greatest + 1).squareRoot() : greatest
    plan = try SamplingPlan(
      sampler, schedule, times: times, levels: rounded.map(Double.init), initialScale: Double(scale),
      limit: configuration.times)
    prediction = configuration.prediction
  }

  func input(_ latents: Tensor, at step: SamplingPlan.Step) throws(TorchError) -> Tensor {
    let sigma = Float(step.sigma)
    return try latents / Double((sigma * sigma + 1).squareRoot())
  }

  /// `dx/dσ`: the noise that the network sees, by way of x₀ as diffusers rounds it.
  func slope(_ latents: Tensor, _ output: Tensor, at step: SamplingPlan.Step) throws(TorchError) -> Tensor {
    let sigma = Float(step.sigma)
    let variance = sigma * sigma + 1
    let clean =
      switch prediction {
      case .epsilon: try latents - output * Double(sigma)
      case .velocity: try output * Double(-sigma / variance.squareRoot()) + latents / Double(variance)
      }
    return try (latents - clean) / Double(sigma)
  }
}
