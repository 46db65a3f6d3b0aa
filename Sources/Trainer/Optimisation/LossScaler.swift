public import Torch

/// Multiplies the loss so that small gradients survive half precision, with PyTorch's rule for the factor.
///
/// Gradients are divided by the factor before the step. Infinite or NaN gradients mean that it was too great: the step
/// is left out and the factor multiplied by ``backoff``. After ``interval`` good steps in a row it is multiplied by
/// ``growth``. bf16 needs no scaling.
public struct LossScaler: Sendable, Hashable {
  /// What the loss is multiplied by.
  public private(set) var factor: Double
  /// What the factor grows by.
  public let growth: Double
  /// What the factor shrinks by.
  public let backoff: Double
  /// How many good steps in a row the factor waits before it grows.
  public let interval: Int
  /// How many good steps in a row there were.
  public private(set) var goodSteps = 0

  /// PyTorch's defaults.
  /// - Throws: ``OptimisationError`` for numbers that would not work.
  public init(
    factor: Double = 65536, growth: Double = 2, backoff: Double = 0.5, interval: Int = 2000
  ) throws(OptimisationError) {
    guard factor > 0, factor.isFinite, growth > 1, (0..<1).contains(backoff), backoff > 0, interval > 0 else {
      throw OptimisationError(
        "loss scaling needs a factor above 0, growth above 1, backoff between 0 and 1 and an interval of at least 1")
    }
    self.factor = factor
    self.growth = growth
    self.backoff = backoff
    self.interval = interval
  }

  /// The loss to take gradients of.
  public func scaled(_ loss: Tensor) throws(TorchError) -> Tensor { try loss * factor }

  /// Divides gradients by the factor, in place.
  ///
  /// Waits for the device.
  /// - Returns: whether all are finite; if not, the step must be left out.
  public func unscale(_ gradients: [Tensor]) throws(TorchError) -> Bool {
    try withoutGradients { () throws(TorchError) in
      try TensorLists.multiply(gradients, by: 1 / factor)
      return try TensorLists.norms(gradients, order: .infinity).allSatisfy(\.isFinite)
    }
  }

  /// Adapts the factor after a step that was taken or left out.
  public mutating func update(finite: Bool) {
    guard finite else {
      factor *= backoff
      goodSteps = 0
      return
    }
    goodSteps += 1
    guard goodSteps == interval else { return }
    goodSteps = 0
    // A factor outside single precision would make every gradient infinite.
    if Float(factor * growth).isFinite { factor *= growth }
  }

  /// Goes back to stored numbers.
  public mutating func restore(factor: Double, goodSteps: Int) {
    self.factor = factor
    self.goodSteps = goodSteps
  }
}
