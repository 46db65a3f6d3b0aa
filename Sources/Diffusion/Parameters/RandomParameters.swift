public import Torch

/// A source of random numbers: models to train from nothing, and models to measure.
///
/// Matrices and kernels are normal with variance `1 / inputs`, which keeps activations of one size through the depth;
/// norms are the identity, biases zero.
public final class RandomParameters: ParameterSource {
  private let generator: Generator
  private let type: ScalarType

  /// A source whose numbers a seed fixes.
  public init(seed: UInt64, _ type: ScalarType = .f32) throws {
    generator = try Generator(seed: seed)
    self.type = type
  }

  /// A new parameter.
  public func parameter(_ part: NetworkPart, _ name: String, shape: [Int]) throws -> Tensor {
    guard shape.count > 1 else {
      return try Tensor.full(shape, name.hasSuffix("weight") ? 1 : 0, type)
    }
    let inputs = shape.dropFirst().reduce(1, *)
    return try (Tensor.normal(shape, using: generator) * (1 / Double(inputs).squareRoot())).to(type)
  }
}
