public import Diffusion

/// Weighs velocity losses as the noise losses they stand for: sd-scripts' `scale_v_pred_loss_like_noise_pred`.
///
/// `s/(s + 1)` with `s = min(ratio of signal to noise, 1000)`; noise losses stay.
public struct VelocityScaleWeight: TimeWeight, Hashable {
  /// Makes a weight.
  public init() {}

  /// The factor.
  public func factor(_ ratio: Double, _ prediction: ScheduleConfiguration.Prediction) -> Double {
    let ratio = min(ratio, 1000)
    return prediction == .velocity ? ratio / (ratio + 1) : 1
  }
}
