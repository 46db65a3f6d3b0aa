public import Torch

/// The loss of a batch, for the backward pass and for reports.
public struct CombinedLoss: Sendable {
  /// One number, from which gradients are taken.
  public let total: Tensor
  /// Every term as it was computed, without weights and without history: `[batch]`, or one number.
  public let terms: [LossTerm: Tensor]
}
