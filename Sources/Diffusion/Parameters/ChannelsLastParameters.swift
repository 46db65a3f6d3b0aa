public import Torch

/// Another source's parameters, kernels stored with channels running fastest.
///
/// A convolution whose kernel lies so gives its output in the same order, and so do the operations after it: nothing is
/// reordered in between.
public final class ChannelsLastParameters: ParameterSource {
  private let source: any ParameterSource

  /// Wraps a source.
  public init(_ source: any ParameterSource) { self.source = source }

  /// The source's parameter; a copy where it is a kernel wider than one place.
  public func parameter(_ part: NetworkPart, _ name: String, shape: [Int]) throws -> Tensor {
    let tensor = try source.parameter(part, name, shape: shape)
    return shape.count == 4 ? try tensor.contiguous(.channelsLast) : tensor
  }
}
