public import Torch

/// Holds what a mask hides to the base model's prediction (masked prior preservation, as OneTrainer).
///
/// `L(f_θ, y)·m + w·L(f_θ, f₀)·(1 − m)`, each part divided by its area where the mask's rule says so. This is the second
/// part, without `w`.
public struct MaskedPrior: Sendable, Hashable {
  /// What an element costs.
  public let element: ElementLoss
  /// How masks are used.
  public let mask: MaskedLoss

  /// Makes a loss.
  public init(_ element: ElementLoss = .meanSquare, mask: MaskedLoss) {
    self.element = element
    self.mask = mask
  }

  /// The loss of each sample, `[batch]`.
  /// - Parameters:
  ///   - base: the base model's prediction for the same latents, time and caption.
  ///   - thresholds: as for ``ElementLoss/elements(_:_:thresholds:)``.
  public func losses(
    _ prediction: Tensor, base: Tensor, mask: Tensor, thresholds: [Double] = []
  ) throws(TorchError) -> Tensor {
    let elements = try element.elements(prediction, base, thresholds: thresholds)
    return try self.mask.weighted(elements, 1 - self.mask.weights(mask, like: elements)).sampleMeans()
  }
}
