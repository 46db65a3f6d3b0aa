public import Torch

/// How far a run is.
public struct SamplingProgress: Sendable {
  /// The step that was just made.
  public let step: SamplingPlan.Step
  /// The steps made so far, this one included.
  public var done: Int { step.index + 1 }
  /// The steps of the run.
  public let total: Int
  /// The latents after the step, in single precision.
  public let latents: Tensor
}

/// A way from noise to latents in a number of steps.
///
/// Latents stay in single precision, whatever the network computes in: they are sums of many small changes. Numbers and
/// their order of rounding are those of diffusers' scheduler of the same kind.
public protocol Sampler: Sendable {
  /// The steps of the run.
  var plan: SamplingPlan { get }

  /// What the network is shown of the latents at a step.
  func input(_ latents: Tensor, at step: SamplingPlan.Step) throws -> Tensor

  /// The latents after a step; steps are made in the plan's order, because some samplers remember.
  /// - Parameters:
  ///   - latents: before the step, `[pictures, channels, height, width]`.
  ///   - prediction: what the network says of them, of the same shape.
  ///   - noise: where new noise comes from, for samplers that add some.
  mutating func advance(
    _ latents: Tensor, prediction: Tensor, at step: SamplingPlan.Step, noise: NoiseSource
  ) throws -> Tensor
}

extension Sampler {
  /// The latents that a run begins with: the source's next noise, scaled.
  /// - Parameter shape: of one picture, `[channels, height, width]`.
  public func start(_ shape: [Int], noise: NoiseSource, on device: Device = .cpu) throws -> Tensor {
    try noise.next(shape, on: device) * plan.initialScale
  }

  /// Makes all steps.
  ///
  /// Whatever `model` or `progress` throws ends the run; that is how it is cancelled.
  /// - Parameters:
  ///   - latents: from ``start(_:noise:on:)``.
  ///   - noise: the same source, for samplers that add noise on the way.
  ///   - model: the network's prediction for its input at a step.
  ///   - progress: called after each step.
  /// - Returns: the final latents, in single precision.
  public func run(
    from latents: Tensor, noise: NoiseSource, model: (Tensor, SamplingPlan.Step) throws -> Tensor,
    progress: (SamplingProgress) throws -> Void = { _ in }
  ) throws -> Tensor {
    // A copy forgets what an earlier run left in it.
    var sampler = self
    var latents = try latents.to(.f32)
    for step in plan.steps {
      let prediction = try model(sampler.input(latents, at: step), step).to(.f32)
      guard prediction.shape == latents.shape else {
        throw SamplingError(
          "the network answered latents of shape \(latents.shape) with a prediction of shape \(prediction.shape)")
      }
      latents = try sampler.advance(latents, prediction: prediction, at: step, noise: noise)
      try progress(SamplingProgress(step: step, total: plan.steps.count, latents: latents))
    }
    return latents
  }
}
