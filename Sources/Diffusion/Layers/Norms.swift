public import Torch

/// Groups of channels brought to mean 0 and variance 1, then scaled and shifted by channel.
public struct GroupNorm: Sendable {
  /// Its identity.
  public let site: LayerSite
  let groups: Int
  let weight: Tensor
  let bias: Tensor
  let epsilon: Double

  /// Reads `weight` and `bias` of `[channels]`.
  public init(_ parameters: Parameters, groups: Int, channels: Int, epsilon: Double) throws {
    site = LayerSite(parameters, shape: [channels])
    self.groups = groups
    weight = try parameters.tensor("weight", channels)
    bias = try parameters.tensor("bias", channels)
    self.epsilon = epsilon
  }

  /// libtorch 1 on CPUs: in half precision its norm takes three times as long as in F32, and gives wrong numbers (off by
  /// 40 % for 320×64×64 in BF16) when channels run fastest in memory.
  private static let needsF32 = (try? Engine.shared.get().version.hasPrefix("1.")) ?? false

  /// `[batch, channels, …]`, of the same shape.
  public func callAsFunction(_ input: Tensor, _ pass: Pass) throws -> Tensor {
    let change = pass.adapters.norm(of: site)
    let (weight, bias) = try (changed(weight, change?.weight), changed(bias, change?.bias))
    let type = try input.scalarType
    guard Self.needsF32, type.size == 2, input.device == .cpu else {
      return try input.groupNormalised(groups, weight: weight, bias: bias, epsilon: epsilon)
    }
    return try input.to(.f32).groupNormalised(
      groups, weight: weight.to(.f32), bias: bias.to(.f32), epsilon: epsilon
    ).to(type)
  }
}

/// The last dimension brought to mean 0 and variance 1, then scaled and shifted.
public struct LayerNorm: Sendable {
  /// Its identity.
  public let site: LayerSite
  let weight: Tensor
  let bias: Tensor
  let epsilon: Double

  /// Reads `weight` and `bias` of `[width]`.
  public init(_ parameters: Parameters, width: Int, epsilon: Double = 1e-5) throws {
    site = LayerSite(parameters, shape: [width])
    weight = try parameters.tensor("weight", width)
    bias = try parameters.tensor("bias", width)
    self.epsilon = epsilon
  }

  /// `[…, width]`, of the same shape.
  public func callAsFunction(_ input: Tensor, _ pass: Pass) throws -> Tensor {
    let change = pass.adapters.norm(of: site)
    return try input.layerNormalised(
      weight: changed(weight, change?.weight), bias: changed(bias, change?.bias), epsilon: epsilon)
  }
}

/// What an adapter adds to the parameters of a norm.
public struct NormChange: Sendable {
  /// Added to the scale, `[channels]`.
  public var weight: Tensor?
  /// Added to the shift, `[channels]`.
  public var bias: Tensor?

  /// Makes a change.
  public init(weight: Tensor? = nil, bias: Tensor? = nil) {
    self.weight = weight
    self.bias = bias
  }
}

private func changed(_ parameter: Tensor, _ change: Tensor?) throws -> Tensor {
  guard let change else { return parameter }
  return try parameter + change
}
