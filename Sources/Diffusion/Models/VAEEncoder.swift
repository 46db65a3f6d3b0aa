import Torch

/// Pictures to the mean and logarithm of the variance of their latents.
struct VAEEncoder: Sendable {
  private struct Level: Sendable {
    var residuals: [VAEResidual]
    var halve: Convolution?
  }

  let input: Convolution
  private let levels: [Level]
  private let middle: VAEMiddle
  private let norm: GroupNorm
  private let output: Convolution

  init(_ parameters: Parameters, _ configuration: VAEConfiguration) throws {
    let groups = configuration.normGroups
    let channels = configuration.channels
    input = try Convolution(parameters["conv_in"], inputs: configuration.pictureChannels, outputs: channels[0])
    var inputs = channels[0]
    var levels: [Level] = []
    for (index, outputs) in channels.enumerated() {
      let level = parameters["down_blocks"][index]
      let residuals = try (0..<configuration.layersPerLevel).map {
        try VAEResidual(level["resnets"][$0], inputs: $0 == 0 ? inputs : outputs, outputs: outputs, groups: groups)
      }
      let halve =
        index == channels.count - 1
        ? nil
        : try Convolution(
          level["downsamplers"][0]["conv"], inputs: outputs, outputs: outputs, stride: 2, padding: 0)
      levels.append(Level(residuals: residuals, halve: halve))
      inputs = outputs
    }
    self.levels = levels
    middle = try VAEMiddle(parameters["mid_block"], channels: inputs, configuration)
    norm = try GroupNorm(parameters["conv_norm_out"], groups: groups, channels: inputs, epsilon: VAEMiddle.epsilon)
    output = try Convolution(parameters["conv_out"], inputs: inputs, outputs: 2 * configuration.latentChannels)
  }

  func callAsFunction(_ picture: Tensor) throws -> Tensor {
    var hidden = try input(picture, .plain)
    for level in levels {
      for residual in level.residuals { hidden = try residual(hidden) }
      // Zeros on the right and below alone, as the model was trained.
      if let halve = level.halve { hidden = try halve(hidden.padded([0, 1, 0, 1]), .plain) }
    }
    return try output(norm(middle(hidden), .plain).silu(), .plain)
  }
}
