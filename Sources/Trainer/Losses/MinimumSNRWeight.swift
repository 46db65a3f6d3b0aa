public import Diffusion

/// Keeps nearly clean samples from counting too much: min-SNR-γ (Hang et al., arXiv 2303.09556).
///
/// Noise: `min(s, γ)/s` with the ratio of signal to noise `s`. Velocity: `min(s, γ)/(s + 1)`, the paper's and kohya's;
/// diffusers has `min(s, γ)/s + 1`.
public struct MinimumSNRWeight: TimeWeight, Hashable {
  /// The ratio from which on samples count less, above 0; 5 in the paper.
  public let gamma: Double
  /// Whose formula for velocities.
  public let dialect: WeightDialect

  /// Makes a weight.
  public init(gamma: Double = 5, _ dialect: WeightDialect = .kohya) throws(OptimisationError) {
    guard gamma > 0 else { throw OptimisationError("min-SNR gamma is \(gamma); it must be above 0, usually 5 or 1") }
    self.gamma = gamma
    self.dialect = dialect
  }

  /// The factor; the formulas' limits where there is no signal.
  public func factor(_ ratio: Double, _ prediction: ScheduleConfiguration.Prediction) -> Double {
    let kept = ratio <= gamma ? 1 : gamma / ratio
    switch (prediction, dialect) {
    case (.epsilon, _): return kept
    case (.velocity, .diffusers): return kept + 1
    case (.velocity, _): return min(ratio, gamma) / (ratio + 1)
    }
  }
}
