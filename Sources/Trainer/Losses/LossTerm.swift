/// The parts that a training loss is made of.
public enum LossTerm: String, Sendable, Hashable, CaseIterable {
  /// The distance from the noise or velocity of the pictures, regularisation pictures too.
  case target
  /// ``BasePrediction`` for regularisation.
  case basePrediction = "base"
  /// ``OutputPreservation``.
  case outputPreservation = "preservation"
  /// ``CrossPrior``.
  case crossPrior = "cross-prior"
  /// ``MaskedPrior``.
  case maskedPrior = "masked-prior"
  /// ``TokenFocus``.
  case tokenFocus = "token-focus"
  /// ``AttentionLocalisation``.
  case attentionLocalisation = "attention"
  /// ``SwapContrast``.
  case swapContrast = "swap-contrast"
  /// ``FactorOrthogonality``; one number for the batch, not one a sample.
  case factorOrthogonality = "orthogonality"
}
