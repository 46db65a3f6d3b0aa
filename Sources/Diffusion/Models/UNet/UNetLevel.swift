import Torch

/// A residual block and the attention after it, where the level has any.
struct UNetLayer: Sendable {
  let residual: ResidualBlock
  let attention: SpatialTransformer?

  func callAsFunction(_ input: Tensor, time: Tensor, context: Tensor, _ pass: Pass) throws -> Tensor {
    let hidden = try residual(input, time: time, pass)
    return try attention?(hidden, context: context, pass) ?? hidden
  }
}

/// One size of the picture on the way down: layers, then half the size.
struct DownLevel: Sendable {
  let layers: [UNetLayer]
  let downsampler: Convolution?
}

/// One size of the picture on the way up: layers that also take what the way down left, then twice the size.
struct UpLevel: Sendable {
  let layers: [UNetLayer]
  let upsampler: Convolution?
}

/// Makes the layers of all levels.
struct UNetLevelFactory {
  let configuration: UNetConfiguration
  let timeWidth: Int

  /// A residual block and its attention.
  /// - Parameter transformers: the number of transformer blocks; no attention for 0.
  func layer(
    _ parameters: Parameters, _ index: Int, inputs: Int, outputs: Int, transformers: Int, heads: Int
  ) throws -> UNetLayer {
    UNetLayer(
      residual: try residual(parameters["resnets"][index], inputs: inputs, outputs: outputs),
      attention: transformers == 0
        ? nil
        : try SpatialTransformer(
          parameters["attentions"][index], channels: outputs, layers: transformers, heads: heads, configuration))
  }

  /// A residual block.
  func residual(_ parameters: Parameters, inputs: Int, outputs: Int) throws -> ResidualBlock {
    try ResidualBlock(
      parameters, inputs: inputs, outputs: outputs, timeWidth: timeWidth, groups: configuration.normGroups,
      epsilon: configuration.normEpsilon)
  }

  /// The way down.
  /// - Parameter skips: receives the channels of everything that the way up will take.
  func down(_ parameters: Parameters, skips: inout [Int]) throws -> [DownLevel] {
    let channels = configuration.channels
    return try channels.indices.map { level in
      let parameters = parameters[level]
      let layers = try (0..<configuration.layersPerLevel).map { index in
        let inputs = index == 0 ? channels[max(0, level - 1)] : channels[level]
        skips.append(channels[level])
        return try layer(
          parameters, index, inputs: inputs, outputs: channels[level],
          transformers: configuration.transformerLayers[level], heads: configuration.heads[level])
      }
      guard level < channels.count - 1 else { return DownLevel(layers: layers, downsampler: nil) }
      skips.append(channels[level])
      return DownLevel(
        layers: layers,
        downsampler: try Convolution(
          parameters["downsamplers"][0]["conv"], inputs: channels[level], outputs: channels[level], stride: 2))
    }
  }

  /// The way up; takes the channels of the way down from the end of `skips`.
  func up(_ parameters: Parameters, skips: inout [Int]) throws -> [UpLevel] {
    let channels = configuration.channels
    var current = channels[channels.count - 1]
    return try channels.indices.map { position in
      let level = channels.count - 1 - position
      let parameters = parameters[position]
      let layers = try (0...configuration.layersPerLevel).map { index in
        let inputs = current + skips.removeLast()
        current = channels[level]
        return try layer(
          parameters, index, inputs: inputs, outputs: current,
          transformers: configuration.transformerLayers[level], heads: configuration.heads[level])
      }
      guard level > 0 else { return UpLevel(layers: layers, upsampler: nil) }
      return UpLevel(
        layers: layers,
        upsampler: try Convolution(parameters["upsamplers"][0]["conv"], inputs: current, outputs: current))
    }
  }
}
