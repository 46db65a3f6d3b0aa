public import Torch

/// What a single element's distance `d` from its target costs.
public enum ElementLoss: Sendable, Hashable {
  /// `d²`.
  case meanSquare
  /// `|d|`.
  case absolute
  /// `2c(√(d² + c²) − c)`: as `d²` for small, `2c|d|` for large distances (pseudo-Huber, as in sd-scripts).
  case huber(HuberThreshold)
  /// `2(√(d² + c²) − c)`: as `d²/c` for small, `2|d|` for large distances (sd-scripts' smooth L1).
  case smoothAbsolute(HuberThreshold)

  /// The loss of each element in F32.
  /// - Parameters:
  ///   - prediction: `[batch, …]`.
  ///   - target: of the same shape; no gradient reaches it.
  ///   - thresholds: `c` of each sample, from ``HuberThreshold``; not used by the first two.
  public func elements(_ prediction: Tensor, _ target: Tensor, thresholds: [Double] = []) throws(TorchError) -> Tensor {
    let distance = try prediction.to(.f32) - target.detached().to(.f32)
    switch self {
    case .meanSquare: return try distance * distance
    case .absolute: return try distance.absolute()
    case .huber, .smoothAbsolute:
      guard try thresholds.count == prediction.size(0) else {
        throw TorchError(
          .general, "\(thresholds.count) Huber thresholds were given for \(try prediction.size(0)) samples")
      }
      let c = try Tensor.perSample(thresholds, like: distance)
      let excess = try (distance * distance + c * c).squareRoot() - c
      if case .smoothAbsolute = self { return try excess * 2 }
      return try excess * c * 2
    }
  }

  /// The rule for `c`, where there is one.
  public var threshold: HuberThreshold? {
    switch self {
    case .meanSquare, .absolute: nil
    case .huber(let threshold), .smoothAbsolute(let threshold): threshold
    }
  }
}
