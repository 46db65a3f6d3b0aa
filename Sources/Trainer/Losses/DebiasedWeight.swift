public import Diffusion

/// Lets noisy samples count more: debiased estimation (Yu et al., arXiv 2310.08442).
///
/// With `s = min(ratio of signal to noise, 1000)`: noise `1/√s`. Velocity: kohya `1/(s + 1)`, OneTrainer `1/√(s + 1)`.
public struct DebiasedWeight: TimeWeight, Hashable {
  /// Whose formula for velocities; diffusers has none and takes kohya's.
  public let dialect: WeightDialect

  /// Makes a weight.
  public init(_ dialect: WeightDialect = .kohya) { self.dialect = dialect }

  /// The factor; infinite for noise without signal, which ``LossPlan`` refuses.
  public func factor(_ ratio: Double, _ prediction: ScheduleConfiguration.Prediction) -> Double {
    let ratio = min(ratio, 1000)
    switch (prediction, dialect) {
    case (.epsilon, _): return 1 / ratio.squareRoot()
    case (.velocity, .oneTrainer): return 1 / (ratio + 1).squareRoot()
    case (.velocity, _): return 1 / (ratio + 1)
    }
  }
}
