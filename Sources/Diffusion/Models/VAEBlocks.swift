import Torch

// The parts of an autoencoder. They take no adapters: nobody trains LoRAs of it.

/// Norm, SiLU and convolution twice, beside a shortcut.
struct VAEResidual: Sendable {
  private let norm1: GroupNorm
  private let convolution1: Convolution
  private let norm2: GroupNorm
  private let convolution2: Convolution
  private let shortcut: Convolution?

  init(_ parameters: Parameters, inputs: Int, outputs: Int, groups: Int) throws {
    norm1 = try GroupNorm(parameters["norm1"], groups: groups, channels: inputs, epsilon: VAEMiddle.epsilon)
    convolution1 = try Convolution(parameters["conv1"], inputs: inputs, outputs: outputs)
    norm2 = try GroupNorm(parameters["norm2"], groups: groups, channels: outputs, epsilon: VAEMiddle.epsilon)
    convolution2 = try Convolution(parameters["conv2"], inputs: outputs, outputs: outputs)
    shortcut =
      inputs == outputs
      ? nil : try Convolution(parameters["conv_shortcut"], inputs: inputs, outputs: outputs, kernel: 1)
  }

  func callAsFunction(_ input: Tensor) throws -> Tensor {
    let hidden = try convolution2(norm2(inner(input), .plain).silu(), .plain)
    return try hidden + (shortcut.map { try $0(input, .plain) } ?? input)
  }

  // In a function of its own, so that nothing of the first half is alive in the second.
  private func inner(_ input: Tensor) throws -> Tensor { try convolution1(norm1(input, .plain).silu(), .plain) }
}

/// Attention of every place to every place, with one head.
struct VAEAttention: Sendable {
  private let norm: GroupNorm
  private let query: Linear
  private let key: Linear
  private let value: Linear
  private let output: Linear

  init(_ parameters: Parameters, channels: Int, groups: Int) throws {
    norm = try GroupNorm(parameters["group_norm"], groups: groups, channels: channels, epsilon: VAEMiddle.epsilon)
    query = try Linear(parameters["to_q"], inputs: channels, outputs: channels)
    key = try Linear(parameters["to_k"], inputs: channels, outputs: channels)
    value = try Linear(parameters["to_v"], inputs: channels, outputs: channels)
    output = try Linear(parameters["to_out"][0], inputs: channels, outputs: channels)
  }

  func callAsFunction(_ input: Tensor) throws -> Tensor {
    let shape = input.shape
    let places = try norm(input, .plain).reshaped(shape[0], shape[1], -1).transposed(1, 2)
    let attended = try Attention.attend(
      query(places, .plain), key(places, .plain), value(places, .plain), heads: 1)
    return try output(attended, .plain).transposed(1, 2).reshaped(shape) + input
  }
}

/// What lies between the coarsest level and the latents: two residual blocks, attention between them.
struct VAEMiddle: Sendable {
  /// The ε of all group norms of an autoencoder.
  static let epsilon = 1e-6

  private let first: VAEResidual
  private let attention: VAEAttention?
  private let second: VAEResidual

  init(_ parameters: Parameters, channels: Int, _ configuration: VAEConfiguration) throws {
    let groups = configuration.normGroups
    first = try VAEResidual(parameters["resnets"][0], inputs: channels, outputs: channels, groups: groups)
    attention =
      configuration.middleAttention
      ? try VAEAttention(parameters["attentions"][0], channels: channels, groups: groups) : nil
    second = try VAEResidual(parameters["resnets"][1], inputs: channels, outputs: channels, groups: groups)
  }

  func callAsFunction(_ input: Tensor) throws -> Tensor {
    var hidden = try first(input)
    if let attention { hidden = try attention(hidden) }
    return try second(hidden)
  }
}
