import Torch

/// Norm, SiLU, convolution, twice, with the time added between, and the input added to the result.
///
/// diffusers' `ResnetBlock2D`.
struct ResidualBlock: Sendable {
  let firstNorm: GroupNorm
  let firstConvolution: Convolution
  let timeProjection: Linear
  let secondNorm: GroupNorm
  let secondConvolution: Convolution
  let shortcut: Convolution?

  init(
    _ parameters: Parameters, inputs: Int, outputs: Int, timeWidth: Int, groups: Int, epsilon: Double
  ) throws {
    firstNorm = try GroupNorm(parameters["norm1"], groups: groups, channels: inputs, epsilon: epsilon)
    firstConvolution = try Convolution(parameters["conv1"], inputs: inputs, outputs: outputs)
    timeProjection = try Linear(parameters["time_emb_proj"], inputs: timeWidth, outputs: outputs)
    secondNorm = try GroupNorm(parameters["norm2"], groups: groups, channels: outputs, epsilon: epsilon)
    secondConvolution = try Convolution(parameters["conv2"], inputs: outputs, outputs: outputs)
    shortcut =
      inputs == outputs
      ? nil : try Convolution(parameters["conv_shortcut"], inputs: inputs, outputs: outputs, kernel: 1)
  }

  /// - Parameters:
  ///   - input: `[batch, inputs, height, width]`.
  ///   - time: `[batch, timeWidth]`, after SiLU, which is the same for all blocks.
  func callAsFunction(_ input: Tensor, time: Tensor, _ pass: Pass) throws -> Tensor {
    // The second convolution stands outside of what is computed again: nothing needs its output.
    let hidden = try pass.segment(from: .light, [input, time]) {
      let changed = try firstConvolution(firstNorm($0[0], pass).silu(), pass)
      return try secondNorm(changed + timeProjection($0[1], pass).unsqueezed(2).unsqueezed(3), pass).silu()
    }
    return try (shortcut?(input, pass) ?? input) + secondConvolution(hidden, pass)
  }
}
