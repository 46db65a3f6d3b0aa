public import Torch

/// The denoising network of Stable Diffusion: noisy latents, time and text to a prediction of the noise (or velocity).
///
/// diffusers' `UNet2DConditionModel` for every configuration of ``UNetConfiguration``, with its parameter names.
public struct UNet: Sendable {
  /// The shape of the network.
  public let configuration: UNetConfiguration
  let timeEmbedding: TimeEmbedding
  let additionEmbedding: TimeEmbedding?
  let input: Convolution
  let down: [DownLevel]
  let middle: [UNetLayer]
  let up: [UpLevel]
  let outputNorm: GroupNorm
  let output: Convolution

  /// Reads the parameters of a network.
  public init(_ parameters: Parameters, _ configuration: UNetConfiguration) throws {
    self.configuration = configuration
    let channels = configuration.channels
    let timeWidth = 4 * channels[0]
    let factory = UNetLevelFactory(configuration: configuration, timeWidth: timeWidth)
    input = try Convolution(parameters["conv_in"], inputs: configuration.inputChannels, outputs: channels[0])
    timeEmbedding = try TimeEmbedding(parameters["time_embedding"], inputs: channels[0], width: timeWidth)
    additionEmbedding = try configuration.addition.map {
      try TimeEmbedding(parameters["add_embedding"], inputs: $0.inputWidth, width: timeWidth)
    }
    var skips = [channels[0]]
    down = try factory.down(parameters["down_blocks"], skips: &skips)
    let last = channels.count - 1
    let center = parameters["mid_block"]
    middle = [
      try factory.layer(
        center, 0, inputs: channels[last], outputs: channels[last],
        transformers: configuration.middleTransformerLayers, heads: configuration.heads[last]),
      UNetLayer(
        residual: try factory.residual(center["resnets"][1], inputs: channels[last], outputs: channels[last]),
        attention: nil),
    ]
    up = try factory.up(parameters["up_blocks"], skips: &skips)
    outputNorm = try GroupNorm(
      parameters["conv_norm_out"], groups: configuration.normGroups, channels: channels[0],
      epsilon: configuration.normEpsilon)
    output = try Convolution(parameters["conv_out"], inputs: channels[0], outputs: configuration.outputChannels)
  }

  /// The prediction for noisy latents.
  /// - Parameters:
  ///   - latents: `[batch, channels, height, width]`, in any number format.
  ///   - times: `[batch]`, from 0 to 999; fractions are allowed.
  ///   - context: the text, `[batch, tokens, contextWidth]`.
  ///   - addition: SDXL's pooled text and sizes; `nil` for networks without.
  /// - Returns: `[batch, channels, height, width]` in the network's number format.
  public func callAsFunction(
    _ latents: Tensor, times: Tensor, context: Tensor, addition: AddedConditioning? = nil, _ pass: Pass = .plain
  ) throws -> Tensor {
    let type = try output.weight.scalarType
    let context = try context.to(type)
    var embedding = try timeEmbedding(
      Sinusoids.embed(times, width: configuration.channels[0]).to(type), pass)
    if let additionEmbedding, let expected = configuration.addition {
      guard let addition else {
        throw DiffusionError("this UNet needs the pooled text and the picture's sizes, as SDXL does; none were given")
      }
      embedding = try embedding + additionEmbedding(addition.embedded(expected).to(type), pass)
    }
    // Once for all residual blocks, which begin with it.
    let time = try embedding.silu()

    var hidden = try input(latents.to(type).contiguous(.channelsLast), pass)
    var skips = [hidden]
    for level in down {
      for layer in level.layers {
        hidden = try layer(hidden, time: time, context: context, pass)
        skips.append(hidden)
      }
      if let downsampler = level.downsampler {
        hidden = try downsampler(hidden, pass)
        skips.append(hidden)
      }
    }
    for layer in middle { hidden = try layer(hidden, time: time, context: context, pass) }
    for level in up {
      for layer in level.layers {
        hidden = try layer(
          Tensor.concatenated([hidden, skips.removeLast()], 1), time: time, context: context, pass)
      }
      if let upsampler = level.upsampler, let next = skips.last?.shape {
        // The size that the way down had, which is not twice this one where it was odd.
        hidden = try upsampler(hidden.upsampledNearest(height: next[2], width: next[3]), pass)
      }
    }
    return try output(outputNorm(hidden, pass).silu(), pass)
  }
}
