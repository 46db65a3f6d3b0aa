public import Torch

/// One of the three things a network may predict; with the noisy latents, each gives the others.
public enum DiffusionQuantity: Sendable, Hashable, CaseIterable {
  /// The noise ε.
  case noise
  /// `v = √ᾱ ε − √(1−ᾱ) x₀`.
  case velocity
  /// The latents without noise, x₀.
  case clean

  /// What a model of this kind predicts.
  public init(_ prediction: ScheduleConfiguration.Prediction) {
    self =
      switch prediction {
      case .epsilon: .noise
      case .velocity: .velocity
      }
  }
}

extension NoiseSchedule {
  /// `√ᾱ` and `√(1−ᾱ)` of each sample, `[count, 1, …]` in single precision.
  private func roots(
    _ times: [Double], like latents: Tensor
  ) throws(TorchError) -> (signal: Tensor, noise: Tensor) {
    let left = times.map { alphaBar(at: $0) }
    let shape = [times.count] + [Int](repeating: 1, count: max(latents.dimensions - 1, 0))
    let device = latents.device
    return (
      try Tensor(left.map { Float($0.squareRoot()) }, shape: shape).to(device),
      try Tensor(left.map { Float((1 - $0).squareRoot()) }, shape: shape).to(device)
    )
  }

  /// `√ᾱ x₀ + √(1−ᾱ) ε` in single precision.
  /// - Parameters:
  ///   - clean: x₀, `[batch, …]`.
  ///   - noise: ε, of the same shape.
  ///   - times: one for each sample, or one for all; they need not be whole.
  public func noisy(_ clean: Tensor, noise: Tensor, times: [Double]) throws(TorchError) -> Tensor {
    let roots = try roots(times, like: clean)
    return try roots.signal * clean.to(.f32) + roots.noise * noise.to(.f32)
  }

  /// `√ᾱ ε − √(1−ᾱ) x₀` in single precision.
  public func velocity(_ clean: Tensor, noise: Tensor, times: [Double]) throws(TorchError) -> Tensor {
    let roots = try roots(times, like: clean)
    return try roots.signal * noise.to(.f32) - roots.noise * clean.to(.f32)
  }

  /// What the network should predict: the noise itself or the velocity, as the configuration has it.
  public func target(_ clean: Tensor, noise: Tensor, times: [Double]) throws(TorchError) -> Tensor {
    switch configuration.prediction {
    case .epsilon: try noise.to(.f32)
    case .velocity: try velocity(clean, noise: noise, times: times)
    }
  }

  /// One quantity from another and the noisy latents, in single precision.
  /// - Parameters:
  ///   - prediction: the quantity `source`, `[batch, …]`.
  ///   - noisy: `x_t`, of the same shape.
  ///   - times: one for each sample, or one for all; they need not be whole.
  /// - Throws: ``SamplingError`` where noise says nothing about the picture, at the last time of zero terminal SNR;
  ///   ``TorchError``.
  public func convert(
    _ prediction: Tensor, from source: DiffusionQuantity, to target: DiffusionQuantity, noisy: Tensor,
    times: [Double]
  ) throws -> Tensor {
    let given = try prediction.to(.f32)
    if source == target { return given }
    if source == .noise, let time = times.first(where: { alphaBar(at: $0) == 0 }) {
      throw SamplingError(
        "at time \(Int(time)) the latents are pure noise (zero terminal SNR), so a predicted noise says nothing about "
          + "the picture; use a model that predicts velocity")
    }
    let latents = try noisy.to(.f32)
    let (signal, noise) = try roots(times, like: latents)
    let clean: Tensor
    switch source {
    case .clean: clean = given
    case .noise: clean = try (latents - noise * given) / signal
    case .velocity: clean = try signal * latents - noise * given
    }
    switch (source, target) {
    case (_, .clean): return clean
    case (.velocity, _): return try signal * given + noise * latents
    // v = √ᾱ ε − √(1−ᾱ) x₀ without a division by √(1−ᾱ), which is small at the first times.
    case (.noise, _): return try signal * given - noise * clean
    case (.clean, .velocity): return try (signal * latents - clean) / noise
    case (.clean, _): return try (latents - signal * clean) / noise
    }
  }
}
