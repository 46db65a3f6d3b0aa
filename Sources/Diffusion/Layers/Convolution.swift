public import Torch

/// A two-dimensional convolution over `[batch, channels, height, width]`.
public struct Convolution: AdaptableLayer {
  /// Its identity.
  public let site: LayerSite
  /// The weight, as PyTorch stores it.
  public let weight: Tensor
  /// The bias, `[outputs]`, if it has one.
  public let bias: Tensor?
  /// The step between outputs.
  public let stride: Int
  /// Zeros around the input.
  public let padding: Int

  /// Reads `weight` of `[outputs, inputs, kernel, kernel]` and `bias`; padding keeps the size unless told otherwise.
  public init(
    _ parameters: Parameters, inputs: Int, outputs: Int, kernel: Int = 3, stride: Int = 1, padding: Int? = nil,
    bias: Bool = true
  ) throws {
    site = LayerSite(parameters, shape: [outputs, inputs, kernel, kernel])
    weight = try parameters.tensor("weight", outputs, inputs, kernel, kernel)
    self.bias = bias ? try parameters.tensor("bias", outputs) : nil
    self.stride = stride
    self.padding = padding ?? kernel / 2
  }

  /// `[batch, inputs, height, width] → [batch, outputs, height / stride, width / stride]`.
  public func callAsFunction(_ input: Tensor, _ pass: Pass) throws -> Tensor {
    try adapted(
      input.convolved(weight, bias, stride: [stride, stride], padding: [padding, padding]), input: input, pass)
  }

  /// Another kernel over the same inputs; one of width 1 takes no padding.
  public func map(_ input: Tensor, weight: Tensor) throws -> Tensor {
    let width = try weight.size(-1)
    let padding = width == 1 && site.shape[3] != 1 ? 0 : padding
    return try input.convolved(weight, stride: [stride, stride], padding: [padding, padding])
  }
}
