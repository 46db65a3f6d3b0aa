public import Torch

/// Under another character's caption a LoRA leaves the base prediction unchanged.
///
/// `mean ‖f_θᵢ(x_t, t, cⱼ) − f₀(x_t, t, cⱼ)‖²` with j ≠ i: for LoRAs that are trained apart, to be used together. When
/// they are summed, the others then add nothing to what one of them does with its own trigger.
public struct CrossPrior: Sendable, Hashable {
  /// The distance.
  public let distance: BasePrediction

  /// Makes a loss.
  public init(_ element: ElementLoss = .meanSquare) { distance = BasePrediction(element) }

  /// The loss of each sample, `[batch]`, from predictions under a partner's caption.
  public func losses(_ prediction: Tensor, base: Tensor, thresholds: [Double] = []) throws(TorchError) -> Tensor {
    try distance.losses(prediction, base: base, thresholds: thresholds)
  }

  /// Whose caption a character's LoRA is held to: in any `count − 1` turns in a row each other character once.
  /// - Returns: `nil` when there is no other character.
  public static func partner(of character: Int, among count: Int, turn: Int) -> Int? {
    guard count > 1, (0..<count).contains(character), turn >= 0 else { return nil }
    return (character + 1 + turn % (count - 1)) % count
  }
}
