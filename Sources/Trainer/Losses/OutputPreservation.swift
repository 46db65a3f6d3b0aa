public import Torch

/// Without its trigger a character does not appear: under the caption with the class in the trigger's place, the
/// adapter leaves the base prediction unchanged.
///
/// `mean ‖f_θ(x_t, t, ĉ) − f₀(x_t, t, ĉ)‖²` on the character's own latents and noise, with ĉ the caption whose trigger
/// was replaced by this character's own class (differential output preservation; ai-toolkit has one class for all).
public struct OutputPreservation: Sendable, Hashable {
  /// The distance.
  public let distance: BasePrediction

  /// Makes a loss.
  public init(_ element: ElementLoss = .meanSquare) { distance = BasePrediction(element) }

  /// The loss of each sample, `[batch]`, from predictions under ``TriggerWord/classCaption(of:)``.
  public func losses(_ prediction: Tensor, base: Tensor, thresholds: [Double] = []) throws(TorchError) -> Tensor {
    try distance.losses(prediction, base: base, thresholds: thresholds)
  }
}
