public import Torch

/// Lets only a part of a picture count.
///
/// The mask, brought to the latents' size by area, is limited from below and multiplied with the elements' losses. With
/// area normalisation each sample is divided by its mask's mean, so that small masks do not mean small gradients (as
/// OneTrainer can; sd-scripts never does).
public struct MaskedLoss: Sendable, Hashable {
  /// How much the hidden part still counts, 0 to 1.
  public let hiddenWeight: Double
  /// Whether losses are divided by the area they come from.
  public let normalisesArea: Bool

  /// Makes a rule.
  public init(hiddenWeight: Double = 0, normalisesArea: Bool = true) throws(OptimisationError) {
    guard (0...1).contains(hiddenWeight) else {
      throw OptimisationError("the hidden part of masked pictures counts \(hiddenWeight); it must be from 0 to 1")
    }
    self.hiddenWeight = hiddenWeight
    self.normalisesArea = normalisesArea
  }

  /// The mask at the size of latents, limited from below.
  /// - Parameters:
  ///   - mask: `[batch, 1, height, width]`, 0 (hidden) to 1, of any size.
  ///   - latents: `[batch, channels, height, width]`.
  func weights(_ mask: Tensor, like latents: Tensor) throws(TorchError) -> Tensor {
    try mask.to(latents.device, .f32).areaResized(height: latents.size(-2), width: latents.size(-1))
      .clamped(hiddenWeight...1)
  }

  /// The masked losses of elements, to be averaged over all elements.
  ///
  /// A mask without any visible part gives 0.
  public func masked(_ elements: Tensor, _ mask: Tensor) throws(TorchError) -> Tensor {
    try weighted(elements, weights(mask, like: elements))
  }

  func weighted(_ elements: Tensor, _ weights: Tensor) throws(TorchError) -> Tensor {
    let masked = try elements.to(.f32) * weights
    guard normalisesArea else { return masked }
    // An empty mask divides 0 by a tiny number, not by 0.
    return try masked / weights.mean([1, 2, 3], keep: true).clamped(from: 1e-12)
  }
}
