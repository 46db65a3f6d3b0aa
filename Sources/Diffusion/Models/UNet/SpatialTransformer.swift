import Torch

/// A picture's positions as tokens through transformer blocks, added to the picture.
///
/// diffusers' `Transformer2DModel`.
struct SpatialTransformer: Sendable {
  /// The layer before and after the blocks: the same map as a linear layer or as a 1×1 convolution.
  enum Projection: Sendable {
    case linear(Linear)
    case convolution(Convolution)
  }

  let norm: GroupNorm
  let input: Projection
  let blocks: [TransformerBlock]
  let output: Projection

  init(_ parameters: Parameters, channels: Int, layers: Int, heads: Int, _ configuration: UNetConfiguration) throws {
    norm = try GroupNorm(
      parameters["norm"], groups: configuration.normGroups, channels: channels, epsilon: 1e-6)
    func projection(_ name: String) throws -> Projection {
      configuration.linearProjections
        ? .linear(try Linear(parameters[name], inputs: channels, outputs: channels))
        : .convolution(try Convolution(parameters[name], inputs: channels, outputs: channels, kernel: 1))
    }
    input = try projection("proj_in")
    blocks = try (0..<layers).map {
      try TransformerBlock(
        parameters["transformer_blocks"][$0], width: channels, contextWidth: configuration.contextWidth,
        heads: heads, upcasts: configuration.upcastsAttention)
    }
    output = try projection("proj_out")
  }

  /// `[batch, channels, height, width]`, of the same shape.
  func callAsFunction(_ picture: Tensor, context: Tensor, _ pass: Pass) throws -> Tensor {
    let shape = picture.shape
    // Without a copy where channels run fastest in memory.
    func tokens(_ picture: Tensor) throws -> Tensor {
      try picture.permuted(0, 2, 3, 1).reshaped(shape[0], shape[2] * shape[3], shape[1])
    }
    func restored(_ tokens: Tensor) throws -> Tensor {
      try tokens.reshaped(shape[0], shape[2], shape[3], shape[1]).permuted(0, 3, 1, 2)
    }
    var hidden = try norm(picture, pass)
    switch input {
    case .linear(let layer): hidden = try layer(tokens(hidden), pass)
    case .convolution(let layer): hidden = try tokens(layer(hidden, pass))
    }
    for block in blocks { hidden = try block(hidden, context: context, pass) }
    switch output {
    case .linear(let layer): return try restored(layer(hidden, pass)) + picture
    case .convolution(let layer): return try layer(restored(hidden), pass) + picture
    }
  }
}
