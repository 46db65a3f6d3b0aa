public import Torch

/// Numbers as waves: the first half of the width cosines, the second sines, of wavelengths from 2π to 10000 · 2π.
///
/// As diffusers' `get_timestep_embedding` with `flip_sin_to_cos` and no frequency shift, which all of Stable Diffusion
/// uses.
public enum Sinusoids {
  /// `[count] → [count, width]`, in F32.
  public static func embed(_ numbers: Tensor, width: Int) throws -> Tensor {
    let half = width / 2
    let device = numbers.device
    let exponents = try Tensor.range(to: Double(half), .f32, on: device)
    let frequencies = try (exponents * (-9.210_340_371_976_184 / Double(half))).exponential()  // ln 10000
    let angles = try numbers.to(.f32).unsqueezed(1) * frequencies.unsqueezed(0)
    let waves = try Tensor.concatenated([angles.cosine(), angles.sine()], 1)
    return width % 2 == 0 ? waves : try waves.padded([0, 1])
  }
}

/// Two linear layers with SiLU between: waves to the vector that conditions every residual block.
struct TimeEmbedding: Sendable {
  let first: Linear
  let second: Linear

  init(_ parameters: Parameters, inputs: Int, width: Int) throws {
    first = try Linear(parameters["linear_1"], inputs: inputs, outputs: width)
    second = try Linear(parameters["linear_2"], inputs: width, outputs: width)
  }

  /// `[batch, inputs] → [batch, width]`.
  func callAsFunction(_ input: Tensor, _ pass: Pass) throws -> Tensor {
    try second(first(input, pass).silu(), pass)
  }
}
