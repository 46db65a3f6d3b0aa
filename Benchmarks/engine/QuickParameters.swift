import Diffusion
import Torch

/// Parameters of the right size with cheap contents: the time of a step does not depend on them.
final class QuickParameters: ParameterSource {
  let type: ScalarType
  let device: Device
  init(_ type: ScalarType, _ device: Device) { (self.type, self.device) = (type, device) }

  func parameter(_ part: NetworkPart, _ name: String, shape: [Int]) throws -> Tensor {
    guard shape.count > 1 else { return try Tensor.full(shape, name.hasSuffix("weight") ? 1 : 0, type, on: device) }
    // A short stream repeated: no zeros, no denormal numbers, sums of one size.
    let inputs = shape.dropFirst().reduce(1, *)
    let count = shape.reduce(1, *)
    let period = 65_521
    let generator = try Generator(seed: 1)
    let stream = try (Tensor.normal([period], using: generator) * (1 / Double(inputs).squareRoot())).to(type)
    let all = try stream.repeated([(count + period - 1) / period]).narrowed(0, from: 0, length: count)
    let weight = try all.reshaped(shape).to(device)
    return shape.count == 4 ? try weight.contiguous(.channelsLast) : weight
  }
}
