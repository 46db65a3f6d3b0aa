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
    try pass.segment([input, time]) { try run($0[0], time: $0[1], pass) }
  }

  private func run(_ input: Tensor, time: Tensor, _ pass: Pass) throws -> Tensor {
    var hidden = try firstConvolution(firstNorm(input, pass).silu(), pass)
    hidden = try hidden + timeProjection(time, pass).unsqueezed(2).unsqueezed(3)
    hidden = try secondConvolution(secondNorm(hidden, pass).silu(), pass)
    return try (shortcut?(input, pass) ?? input) + hidden
  }
}
