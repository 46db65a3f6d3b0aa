public import Torch

/// Groups of channels brought to mean 0 and variance 1, then scaled and shifted by channel.
public struct GroupNorm: Sendable {
  let groups: Int
  let weight: Tensor
  let bias: Tensor
  let epsilon: Double

  /// Reads `weight` and `bias` of `[channels]`.
  public init(_ parameters: Parameters, groups: Int, channels: Int, epsilon: Double) throws {
    self.groups = groups
    weight = try parameters.tensor("weight", channels)
    bias = try parameters.tensor("bias", channels)
    self.epsilon = epsilon
  }

  /// `[batch, channels, …]`, of the same shape.
  public func callAsFunction(_ input: Tensor) throws -> Tensor {
    try input.groupNormalised(groups, weight: weight, bias: bias, epsilon: epsilon)
  }
}

/// The last dimension brought to mean 0 and variance 1, then scaled and shifted.
public struct LayerNorm: Sendable {
  let weight: Tensor
  let bias: Tensor
  let epsilon: Double

  /// Reads `weight` and `bias` of `[width]`.
  public init(_ parameters: Parameters, width: Int, epsilon: Double = 1e-5) throws {
    weight = try parameters.tensor("weight", width)
    bias = try parameters.tensor("bias", width)
    self.epsilon = epsilon
  }

  /// `[…, width]`, of the same shape.
  public func callAsFunction(_ input: Tensor) throws -> Tensor {
    try input.layerNormalised(weight: weight, bias: bias, epsilon: epsilon)
  }
}
