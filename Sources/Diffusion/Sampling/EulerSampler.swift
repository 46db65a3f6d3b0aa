public import Torch

/// Euler's method for `dx/dσ = (x − x₀)/σ` (Karras et al., arXiv 2206.00364, algorithm 2 without churn).
///
/// diffusers' `EulerDiscreteScheduler`.
public struct EulerSampler: Sampler {
  private let levels: SigmaLevels

  /// Plans a run.
  /// - Throws: ``SamplingError`` when the steps do not fit the schedule.
  public init(
    steps: Int, schedule: SamplingSchedule, for configuration: ScheduleConfiguration
  ) throws(SamplingError) {
    levels = try SigmaLevels(.euler, steps: steps, schedule: schedule, for: configuration)
  }

  /// The steps of the run.
  public var plan: SamplingPlan { levels.plan }

  /// The latents brought to variance 1.
  public func input(_ latents: Tensor, at step: SamplingPlan.Step) throws -> Tensor {
    try levels.input(latents, at: step)
  }

  /// A straight line to the next noise level.
  public func advance(
    _ latents: Tensor, prediction: Tensor, at step: SamplingPlan.Step, noise: NoiseSource
  ) throws -> Tensor {
    let slope = try levels.slope(latents, prediction, at: step)
    return try latents + slope * Double(Float(step.nextSigma) - Float(step.sigma))
  }
}
