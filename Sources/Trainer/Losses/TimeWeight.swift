public import Diffusion

/// How much a sample's loss counts by the noise in it.
public protocol TimeWeight: Sendable {
  /// The factor at a ratio of signal to noise, `ᾱ/(1−ᾱ)`.
  func factor(_ ratio: Double, _ prediction: ScheduleConfiguration.Prediction) -> Double
}

/// Whose formula a weight of velocity losses follows, where trainers disagree.
public enum WeightDialect: String, Sendable, Hashable, CaseIterable {
  /// kohya's sd-scripts.
  case kohya
  /// diffusers' DreamBooth scripts.
  case diffusers
  /// OneTrainer.
  case oneTrainer
}
