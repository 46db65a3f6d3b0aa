public import Torch

/// Euler's method to a lower level than the next, and new noise up to it.
///
/// diffusers' `EulerAncestralDiscreteScheduler`. That one has no Karras levels; here they are Euler's, as in k-diffusion.
public struct EulerAncestralSampler: Sampler {
  private let levels: SigmaLevels

  /// Plans a run.
  /// - Throws: ``SamplingError`` when the steps do not fit the schedule.
  public init(
    steps: Int, schedule: SamplingSchedule, for configuration: ScheduleConfiguration
  ) throws(SamplingError) {
    levels = try SigmaLevels(.eulerAncestral, steps: steps, schedule: schedule, for: configuration)
  }

  /// The steps of the run.
  public var plan: SamplingPlan { levels.plan }

  /// The latents brought to variance 1.
  public func input(_ latents: Tensor, at step: SamplingPlan.Step) throws -> Tensor {
    try levels.input(latents, at: step)
  }

  /// Down to `√(σ'² − σ_up²)`, then up with noise of deviation `σ_up = σ' √(1 − σ'²/σ²)`.
  ///
  /// In single precision like diffusers: after pure noise (σ = 4096) the lower level is a small difference.
  public func advance(
    _ latents: Tensor, prediction: Tensor, at step: SamplingPlan.Step, noise: NoiseSource
  ) throws -> Tensor {
    let (from, to) = (Float(step.sigma), Float(step.nextSigma))
    let up = (to * to * (from * from - to * to) / (from * from)).squareRoot()
    let down = max(to * to - up * up, 0).squareRoot()
    let slope = try levels.slope(latents, prediction, at: step)
    let lower = try latents + slope * Double(down - from)
    // Drawn at the last step too, where it counts nothing: whoever draws next gets what he would get in diffusers.
    return try lower + noise.next(Array(latents.shape.dropFirst()), on: latents.device) * Double(up)
  }
}
