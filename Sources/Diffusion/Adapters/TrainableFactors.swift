public import Torch

/// A LoRA layer that learns: `y + scale · up(down(x))`.
///
/// The factors stay in F32 whatever the model computes in, so that small steps are not rounded away; they are rounded
/// to the model's format for each use, as mixed precision does.
public struct TrainableFactors: LayerAdapter {
  /// `[rank, in]`, or `[rank, in, height, width]` of a convolution.
  public let down: Tensor
  /// `[out, rank]`, or `[out, rank, 1, 1]`.
  public let up: Tensor
  /// `alpha / rank`.
  public let scale: Double

  /// New factors: `down` uniform as PyTorch initialises linear layers (Kaiming, a = √5), `up` zero, so that training
  /// begins at the base model.
  public init(
    for site: LayerSite, rank: Int, alpha: Double, on device: Device = .cpu, using generator: Generator
  ) throws {
    let inputs = site.shape.dropFirst().reduce(1, *)
    let bound = 1 / Double(inputs).squareRoot()
    let initial = try Tensor.uniform([rank] + site.shape.dropFirst(), using: generator) * (2 * bound) - bound
    let isConvolution = site.shape.count == 4
    try self.init(
      down: initial.to(device),
      up: Tensor.zeros([site.shape[0], rank] + (isConvolution ? [1, 1] : []), on: device), alpha: alpha)
  }

  /// Given factors, which become parameters.
  public init(down: Tensor, up: Tensor, alpha: Double) throws {
    self.down = try down.setRequiresGradient()
    self.up = try up.setRequiresGradient()
    scale = alpha / Double(try down.size(0))
  }

  /// The output with the learned change.
  public func apply(to output: Tensor, input: Tensor, layer: any AdaptableLayer) throws -> Tensor {
    let type = try input.scalarType
    let hidden = try layer.map(input, weight: down.to(type)) * scale
    let up = try up.to(type)
    return try output + (up.dimensions == 4 ? hidden.convolved(up) : hidden.linear(up))
  }
}
