public import Torch

/// Limits the size of a step's gradients, all parameters together, as `torch.nn.utils.clip_grad_norm_`.
///
/// Gradients are multiplied by `min(1, limit / (‖g‖ + 10⁻⁶))` with the Euclidean norm over all of them.
public struct GradientClipping: Sendable, Hashable {
  /// The greatest norm, above 0; trainers use 1.
  public let limit: Double

  /// Makes a limit.
  public init(limit: Double = 1) throws(OptimisationError) {
    guard limit > 0 else { throw OptimisationError("the limit of gradients is \(limit); it must be above 0") }
    self.limit = limit
  }

  /// Clips gradients in place.
  ///
  /// Waits for the device.
  /// - Returns: the norm before; gradients are left alone where it is not finite, and the step should be left out.
  @discardableResult
  public func clip(_ gradients: [Tensor]) throws(TorchError) -> Double {
    let norm = try Self.norm(gradients)
    // In single precision, as PyTorch computes it.
    let factor = Float(limit) / (Float(norm) + 1e-6)
    if norm.isFinite, factor < 1 {
      try withoutGradients { () throws(TorchError) in try TensorLists.multiply(gradients, by: Double(factor)) }
    }
    return norm
  }

  /// The Euclidean norm of all elements together.
  public static func norm(_ gradients: [Tensor]) throws(TorchError) -> Double {
    try withoutGradients { () throws(TorchError) in
      try TensorLists.norms(gradients).reduce(0) { $0 + $1 * $1 }.squareRoot()
    }
  }
}
