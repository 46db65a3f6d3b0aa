/// How noise grows with time, and what the model predicts of it.
public struct ScheduleConfiguration: Sendable, Hashable {
  /// What the network predicts.
  public enum Prediction: String, Sendable, Hashable, Codable {
    /// The noise ε.
    case epsilon
    /// `v = √ᾱ ε − √(1−ᾱ) x₀` (SD 2 at 768, NoobAI v-pred).
    case velocity = "v_prediction"
  }

  /// How the betas grow.
  public enum Growth: String, Sendable, Hashable, Codable {
    /// The roots of the betas grow linearly; Stable Diffusion's own.
    case scaledLinear = "scaled_linear"
    /// The betas grow linearly.
    case linear
  }

  /// What the network predicts.
  public var prediction: Prediction = .epsilon
  /// The number of times, 0 the least noisy.
  public var times = 1000
  /// The first beta.
  public var betaStart = 0.00085
  /// The last beta.
  public var betaEnd = 0.012
  /// Their growth.
  public var growth: Growth = .scaledLinear
  /// Whether the last time is pure noise: betas are rescaled so that its ᾱ is 0 (NoobAI v-pred and others).
  public var zeroTerminalSNR = false

  /// Stable Diffusion's schedule.
  public init() {}
}
