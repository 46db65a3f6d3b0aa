import Torch

/// Latents to pictures.
struct VAEDecoder: Sendable {
  private struct Level: Sendable {
    var residuals: [VAEResidual]
    var double: Convolution?
  }

  let input: Convolution
  private let middle: VAEMiddle
  private let levels: [Level]
  private let norm: GroupNorm
  private let output: Convolution

  init(_ parameters: Parameters, _ configuration: VAEConfiguration) throws {
    let groups = configuration.normGroups
    let channels = Array(configuration.channels.reversed())
    input = try Convolution(parameters["conv_in"], inputs: configuration.latentChannels, outputs: channels[0])
    middle = try VAEMiddle(parameters["mid_block"], channels: channels[0], configuration)
    var inputs = channels[0]
    var levels: [Level] = []
    for (index, outputs) in channels.enumerated() {
      let level = parameters["up_blocks"][index]
      let residuals = try (0...configuration.layersPerLevel).map {
        try VAEResidual(level["resnets"][$0], inputs: $0 == 0 ? inputs : outputs, outputs: outputs, groups: groups)
      }
      let double =
        index == channels.count - 1
        ? nil : try Convolution(level["upsamplers"][0]["conv"], inputs: outputs, outputs: outputs)
      levels.append(Level(residuals: residuals, double: double))
      inputs = outputs
    }
    self.levels = levels
    norm = try GroupNorm(parameters["conv_norm_out"], groups: groups, channels: inputs, epsilon: VAEMiddle.epsilon)
    output = try Convolution(parameters["conv_out"], inputs: inputs, outputs: configuration.pictureChannels)
  }

  func callAsFunction(_ latents: Tensor) throws -> Tensor {
    var hidden = try middle(input(latents, .plain))
    for level in levels {
      for residual in level.residuals { hidden = try residual(hidden) }
      if let double = level.double {
        hidden = try double(
          hidden.upsampledNearest(height: 2 * hidden.size(2), width: 2 * hidden.size(3)), .plain)
      }
    }
    return try output(norm(hidden, .plain).silu(), .plain)
  }
}
