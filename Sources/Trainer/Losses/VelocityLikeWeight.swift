public import Diffusion

/// Adds to noise losses what velocity losses would add: sd-scripts' `v_pred_like_loss`.
///
/// `1 + part · (s + 1)/s` with `s = min(ratio of signal to noise, 1000)`; velocity losses stay.
public struct VelocityLikeWeight: TimeWeight, Hashable {
  /// How much is added, 0 or greater.
  public let part: Double

  /// Makes a weight.
  public init(part: Double) throws(OptimisationError) {
    guard part >= 0 else {
      throw OptimisationError("the velocity-like part of the loss is \(part); it must be 0 or greater")
    }
    self.part = part
  }

  /// The factor; infinite without signal, which ``LossPlan`` refuses.
  public func factor(_ ratio: Double, _ prediction: ScheduleConfiguration.Prediction) -> Double {
    let ratio = min(ratio, 1000)
    return prediction == .epsilon ? 1 + part * (ratio + 1) / ratio : 1
  }
}
