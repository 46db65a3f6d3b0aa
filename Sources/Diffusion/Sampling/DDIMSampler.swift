public import Torch

/// Denoising diffusion implicit models (Song et al., arXiv 2010.02502, equations 12 and 16).
///
/// diffusers' `DDIMScheduler` with `clip_sample` and `set_alpha_to_one` off, as Stable Diffusion has it. Like there, a
/// step goes `1000 / steps` times back wherever the next one stands, which misses it with schedule `linspace`.
public struct DDIMSampler: Sampler {
  /// The steps of the run.
  public let plan: SamplingPlan
  /// How much of the noise is drawn anew at each step: 0 none, 1 as much as in DDPM.
  public let eta: Double
  private let prediction: ScheduleConfiguration.Prediction
  // ᾱ before and after each step: σ would be infinite at pure noise.
  private let alphaBars: [(before: Float, after: Float)]

  /// Plans a run.
  /// - Throws: ``SamplingError`` when the steps do not fit the schedule, for Karras' levels, for an eta outside 0 to 1,
  ///   and when predicted noise is to be taken out of pure noise.
  public init(
    steps: Int, schedule: SamplingSchedule, for configuration: ScheduleConfiguration, eta: Double = 0
  ) throws(SamplingError) {
    let tables = try SinglePrecisionTables(configuration)
    try SamplingPlan.check(steps: steps, limit: configuration.times)
    guard !schedule.usesKarrasLevels else {
      throw SamplingError(
        "the sampler 'ddim' knows whole times only, not Karras' noise levels; use 'dpmpp-2m' or 'euler' with them")
    }
    guard (0...1).contains(eta) else { throw SamplingError("eta of 'ddim' is from 0 to 1, not \(eta)") }
    let times = SamplingTimes(spacing: schedule.spacing, steps: steps, times: configuration.times).whole
    guard let first = times.first, first < configuration.times else {
      throw SamplingError(
        "\(steps) steps of 'ddim' with schedule '\(schedule.rawValue)' do not fit into the \(configuration.times) "
          + "times that the model knows; take fewer steps")
    }
    let back = configuration.times / steps
    alphaBars = times.map { time in
      (tables.alphaBars[time], tables.alphaBars[max(time - back, 0)])
    }
    if configuration.prediction == .epsilon, alphaBars.contains(where: { $0.before == 0 }) {
      throw SamplingError(
        "the run begins at pure noise (zero terminal SNR), where predicted noise says nothing about the picture; the "
          + "model must predict velocity, or take schedule 'normal'")
    }
    let levels = alphaBars.map { Double(((1 - $0.before) / $0.before).squareRoot()) }
    plan = try SamplingPlan(
      .ddim, schedule, times: times.map(Double.init), levels: levels + [0], initialScale: 1,
      limit: configuration.times)
    prediction = configuration.prediction
    self.eta = eta
  }

  /// The latents as they are: their variance is 1 at all times.
  public func input(_ latents: Tensor, at step: SamplingPlan.Step) throws -> Tensor { latents }

  /// `√ᾱ' x₀ + √(1 − ᾱ' − σ²) ε`, and noise of deviation `σ = η √((1−ᾱ')/(1−ᾱ)) √(1 − ᾱ/ᾱ')` with an eta.
  public func advance(
    _ latents: Tensor, prediction output: Tensor, at step: SamplingPlan.Step, noise: NoiseSource
  ) throws -> Tensor {
    let (before, after) = alphaBars[step.index]
    let (signal, blur) = (Double(before.squareRoot()), Double((1 - before).squareRoot()))
    let (clean, seen): (Tensor, Tensor)
    switch prediction {
    case .epsilon: (clean, seen) = (try (latents - output * blur) / signal, output)
    case .velocity: (clean, seen) = (try latents * signal - output * blur, try output * signal + latents * blur)
    }
    let variance = (1 - after) / (1 - before) * (1 - before / after)
    let deviation = Float(eta) * variance.squareRoot()
    let direction = try seen * Double((1 - after - deviation * deviation).squareRoot())
    let next = try clean * Double(after.squareRoot()) + direction
    if eta == 0 { return next }
    return try next + noise.next(Array(latents.shape.dropFirst()), on: latents.device) * Double(deviation)
  }
}
