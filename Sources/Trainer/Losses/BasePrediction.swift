public import Torch

/// The distance from what the base model predicts: `mean ‖f_θ(x_t, t, c) − f₀(x_t, t, c)‖²`.
///
/// A regularisation target that needs no curated pictures (sd-scripts' differential output preservation, OneTrainer's
/// prior prediction). Both predictions are for the same noisy latents, time and caption; the base's, with the adapter
/// off, takes no gradient. At the start of training it is 0, and so is its gradient.
public struct BasePrediction: Sendable, Hashable {
  /// What an element costs.
  public let element: ElementLoss

  /// Makes a loss.
  public init(_ element: ElementLoss = .meanSquare) { self.element = element }

  /// The loss of each sample, `[batch]`.
  /// - Parameters:
  ///   - base: the base model's prediction, `[batch, …]`.
  ///   - thresholds: as for ``ElementLoss/elements(_:_:thresholds:)``.
  public func losses(_ prediction: Tensor, base: Tensor, thresholds: [Double] = []) throws(TorchError) -> Tensor {
    try element.elements(prediction, base, thresholds: thresholds).sampleMeans()
  }
}
