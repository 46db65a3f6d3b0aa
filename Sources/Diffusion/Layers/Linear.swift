public import Torch

/// `y = x Wᵀ + b` over the last dimension.
public struct Linear: AdaptableLayer {
  /// Its identity.
  public let site: LayerSite
  /// The weight, as PyTorch stores it.
  public let weight: Tensor
  /// The bias, `[outputs]`, if it has one.
  public let bias: Tensor?

  /// Reads `weight` of `[outputs, inputs]` and, unless told otherwise, `bias`.
  public init(_ parameters: Parameters, inputs: Int, outputs: Int, bias: Bool = true) throws {
    site = LayerSite(parameters, shape: [outputs, inputs])
    weight = try parameters.tensor("weight", outputs, inputs)
    self.bias = bias ? try parameters.tensor("bias", outputs) : nil
  }

  /// `[…, inputs] → […, outputs]`.
  public func callAsFunction(_ input: Tensor, _ pass: Pass) throws -> Tensor {
    try adapted(input.linear(weight, bias), input: input, pass)
  }

  /// Another weight of the same inputs, without bias.
  public func map(_ input: Tensor, weight: Tensor) throws -> Tensor { try input.linear(weight) }
}
