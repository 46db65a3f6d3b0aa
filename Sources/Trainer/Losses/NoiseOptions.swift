public import Torch

/// What noise samples are mixed with, as in sd-scripts.
///
/// Every sample has a stream of its own, so that it is the same in whatever batch or process it is computed. Each draws in
/// this order, and only what is switched on:
/// 1. the noise, normal `[1, channels, height, width]`;
/// 2. the strength of the offset, uniform `[1]`, if it is random; the offset, normal `[1, channels, 1, 1]`;
/// 3. for each level of the pyramid the ratio, uniform `[1]`, then its noise, normal `[1, channels, h, w]`;
/// 4. the strength of the perturbation, uniform `[1]`, if it is random; the perturbation, normal of the latents' shape.
public struct NoiseOptions: Sendable, Hashable {
  /// Noise that shifts whole channels, so that very dark and bright pictures can be learnt: `ε + o · N(0, 1)`.
  public struct Offset: Sendable, Hashable {
    /// `o`.
    public var strength: Double
    /// Added to `o`, times the magnitude of the channel's mean in the latents; never below 0 together.
    public var adaptive = 0.0
    /// Whether `o` is multiplied by a number from 0 to 1 drawn for each sample.
    public var isRandom = false

    /// Makes an offset.
    public init(_ strength: Double) { self.strength = strength }
  }

  /// Noise with structures of many sizes; divided by its standard deviation afterwards.
  public struct Pyramid: Sendable, Hashable {
    /// The most levels.
    public var levels: Int
    /// What each level counts for against the one before.
    public var discount = 0.3

    /// Makes a pyramid.
    public init(_ levels: Int) { self.levels = levels }
  }

  /// More noise in the latents than the target says: `x_t` is made with `ε + γ N(0, 1)` (arXiv 2301.11706).
  public struct Perturbation: Sendable, Hashable {
    /// `γ`.
    public var gamma: Double
    /// Whether `γ` is multiplied by a number from 0 to 1 drawn for each sample.
    public var isRandom = false

    /// Makes a perturbation.
    public init(_ gamma: Double) { self.gamma = gamma }
  }

  /// The offset, if any.
  public var offset: Offset?
  /// The pyramid, if any; applied after the offset.
  public var pyramid: Pyramid?
  /// The perturbation, if any.
  public var perturbation: Perturbation?

  /// Plain noise.
  public init() {}

  /// Noise of a batch.
  public struct Drawn: Sendable {
    /// What the network is to find.
    public let target: Tensor
    /// What the latents are noised with.
    public let input: Tensor
  }

  /// Draws noise for latents `[batch, channels, height, width]`, one stream each, in F32 on the latents' device.
  public func draw(_ latents: Tensor, _ generators: [Generator]) throws(TorchError) -> Drawn {
    guard latents.dimensions == 4, latents.shape[0] == generators.count, !generators.isEmpty else {
      throw TorchError(
        .general, "\(generators.count) streams of noise were given for latents of shape \(latents.shape)")
    }
    var (targets, inputs): ([Tensor], [Tensor]) = ([], [])
    for (index, generator) in generators.enumerated() {
      let noise = try sample(latents, index, generator)
      targets.append(noise)
      guard let perturbation else { continue }
      let factor = perturbation.isRandom ? try Tensor.uniform([1], using: generator).item() : 1
      let extra = try Tensor.normal(noise.shape, using: generator)
      inputs.append(try noise.adding(extra, times: perturbation.gamma * factor))
    }
    let target = try Tensor.concatenated(targets).to(latents.device)
    return Drawn(target: target, input: inputs.isEmpty ? target : try Tensor.concatenated(inputs).to(latents.device))
  }

  private func sample(_ latents: Tensor, _ index: Int, _ generator: Generator) throws(TorchError) -> Tensor {
    let shape = [1] + latents.shape.dropFirst()
    var noise = try Tensor.normal(shape, using: generator)
    if let offset {
      let factor = offset.isRandom ? try Tensor.uniform([1], using: generator).item() : 1
      var strength = try Tensor.full([1, 1, 1, 1], offset.strength * factor)
      if offset.adaptive != 0 {
        let own = try latents.narrowed(0, from: index, length: 1).to(.cpu, .f32)
        strength = try (own.mean([2, 3], keep: true).absolute() * offset.adaptive + strength).clamped(from: 0)
      }
      noise = try noise + Tensor.normal([1, shape[1], 1, 1], using: generator) * strength
    }
    guard let pyramid else { return noise }
    let (height, width) = (shape[2], shape[3])
    for level in 0..<max(pyramid.levels, 0) {
      let ratio = try Tensor.uniform([1], using: generator).item() * 2 + 2
      let shrunk = ElementaryFunctions.power(ratio, Double(level))
      let (low, narrow) = (max(1, Int(Double(height) / shrunk)), max(1, Int(Double(width) / shrunk)))
      let coarse = try Tensor.normal([1, shape[1], low, narrow], using: generator)
      let weight = ElementaryFunctions.power(pyramid.discount, Double(level))
      noise = try noise.adding(coarse.resizedBilinear(height: height, width: width), times: weight)
      // Nothing is coarser than one pixel.
      if low == 1 || narrow == 1 { break }
    }
    return try noise / noise.standardDeviation([0, 1, 2, 3])
  }
}
