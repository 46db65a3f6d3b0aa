public import Torch

/// Noise for several pictures, each from a stream of its own.
///
/// Picture `i` of a batch has seed `S + i`, so that it looks the same whatever it was made together with. Streams are on
/// the CPU: seed `S` is diffusers' `torch.Generator("cpu").manual_seed(S)`, on every device.
public struct NoiseSource: Sendable {
  /// The streams, one a picture.
  public let generators: [Generator]

  /// Streams with seeds `seed, seed + 1, …`; after the greatest follows 0.
  public init(seed: UInt64, count: Int = 1) throws(TorchError) {
    var generators: [Generator] = []
    for index in 0..<max(count, 0) { generators.append(try Generator(seed: seed &+ UInt64(index))) }
    self.generators = generators
  }

  /// Streams with these seeds.
  public init(seeds: [UInt64]) throws(TorchError) {
    var generators: [Generator] = []
    for seed in seeds { generators.append(try Generator(seed: seed)) }
    self.generators = generators
  }

  /// The next noise of mean 0 and variance 1, `[count] + shape` in single precision.
  public func next(_ shape: [Int], on device: Device = .cpu) throws(TorchError) -> Tensor {
    var pictures: [Tensor] = []
    for generator in generators { pictures.append(try Tensor.normal([1] + shape, using: generator)) }
    return try Tensor.concatenated(pictures).to(device)
  }
}
