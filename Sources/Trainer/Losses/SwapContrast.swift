public import Torch

/// Two triggers must not do the same: what they change differs by at least a part of what each changes.
///
/// `max(0, δ − ‖a − b‖ / (‖a − f₀‖ + ‖b − f₀‖))` with a and b the predictions under two characters' captions for the same
/// noisy latents and time. The quotient is 0 when both are the same and at most 1. An experiment: off unless asked for.
public struct SwapContrast: Sendable, Hashable {
  /// δ, from 0 to 1.
  public let margin: Double

  /// Makes a loss.
  public init(margin: Double = 0.5) throws(OptimisationError) {
    guard (0...1).contains(margin) else {
      throw OptimisationError("the margin of swapped triggers is \(margin); it must be from 0 to 1")
    }
    self.margin = margin
  }

  /// The loss of each sample, `[batch]`.
  public func losses(_ first: Tensor, _ second: Tensor, base: Tensor) throws(TorchError) -> Tensor {
    let base = try base.detached().to(.f32)
    func norm(_ a: Tensor, _ b: Tensor) throws(TorchError) -> Tensor {
      let distance = try (a.to(.f32) - b.to(.f32)).reshaped(a.size(0), -1)
      // At the start of training all are the same: the root's slope there would be infinite.
      return try ((distance * distance).sum([1]) + 1e-12).squareRoot()
    }
    let quotient = try norm(first, second) / (norm(first, base) + norm(second, base))
    return try (margin - quotient).relu()
  }
}
