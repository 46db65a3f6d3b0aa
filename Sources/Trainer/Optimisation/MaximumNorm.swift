public import Torch

/// Keeps each layer's change below a norm, as `scale_weight_norms` of sd-scripts.
///
/// After a step: `n = max(‖(α/r)·U·D‖, limit/2)`, and both factors are multiplied by `√(min(n, limit)/n)`. The norm comes
/// from Gram matrices, `‖UD‖² = Σ (UᵀU)∘(DDᵀ)`, so no product of the layer's size is formed.
public struct MaximumNorm: Sendable, Hashable {
  /// The greatest Frobenius norm of a layer's change, above 0.
  public let limit: Double

  /// The two factors of a layer.
  public struct Factors: Sendable {
    /// `[out, rank, …]`.
    public let up: Tensor
    /// `[rank, in, …]`.
    public let down: Tensor
    /// `α / rank`.
    public let scale: Double

    /// Names the factors of a layer.
    public init(up: Tensor, down: Tensor, scale: Double) {
      self.up = up
      self.down = down
      self.scale = scale
    }
  }

  /// What a step came to.
  public struct Outcome: Sendable, Hashable {
    /// How many layers were made smaller.
    public let scaled: Int
    /// The mean norm afterwards.
    public let mean: Double
    /// The greatest norm afterwards.
    public let greatest: Double
  }

  /// Makes a limit.
  public init(limit: Double) throws(OptimisationError) {
    guard limit > 0 else { throw OptimisationError("the greatest norm of a layer is \(limit); it must be above 0") }
    self.limit = limit
  }

  /// Shrinks layers whose change is too great.
  ///
  /// Waits for the device once.
  public func apply(_ layers: [Factors]) throws(TorchError) -> Outcome {
    try withoutGradients { () throws(TorchError) in
      var squares: [Tensor] = []
      for layer in layers { squares.append(try Self.squaredNorm(layer)) }
      let norms = try TensorLists.numbers(squares).map { max($0, 0).squareRoot() }
      var (scaled, sum, greatest) = (0, 0.0, 0.0)
      for (layer, found) in zip(layers, norms) {
        let norm = max(found * layer.scale.magnitude, limit / 2)
        let ratio = min(norm, limit) / norm
        if ratio != 1 {
          scaled += 1
          try layer.up.multiply(by: ratio.squareRoot())
          try layer.down.multiply(by: ratio.squareRoot())
        }
        let left = found * layer.scale.magnitude * ratio
        sum += left
        greatest = max(greatest, left)
      }
      return Outcome(scaled: scaled, mean: layers.isEmpty ? 0 : sum / Double(layers.count), greatest: greatest)
    }
  }

  private static func squaredNorm(_ layer: Factors) throws(TorchError) -> Tensor {
    let rank = try layer.down.size(0)
    // A convolution's up factor is 1 × 1, so rows of its reshaped matrix are still outputs.
    let up = try layer.up.to(.f64).reshaped(-1, rank)
    let down = try layer.down.to(.f64).reshaped(rank, -1)
    return try (up.transposed().matrixProduct(up) * down.matrixProduct(down.transposed())).sum()
  }
}
