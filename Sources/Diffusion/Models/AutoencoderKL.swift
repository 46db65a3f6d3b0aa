public import Torch

/// Stable Diffusion's autoencoder: pictures from −1 to 1, `[batch, 3, height, width]`, to latents and back.
///
/// Parameters are named as in diffusers. The network computes in its weights' number format; what it is given is
/// converted. SDXL's first weights overflow in F16 (``VAEConfiguration/needsRange``): give them in BF16 or F32.
public struct AutoencoderKL: Sendable {
  /// Its shape.
  public let configuration: VAEConfiguration
  private let encoder: VAEEncoder
  private let decoder: VAEDecoder
  private let toLatents: Convolution?
  private let fromLatents: Convolution?

  /// The latents of pictures: a normal distribution at each place.
  public struct Distribution: Sendable {
    /// The means, in F32.
    public let mean: Tensor
    /// The logarithms of the variances, from −30 to 20, in F32.
    public let logVariance: Tensor

    init(_ moments: Tensor) throws {
      let parts = try moments.to(.f32).chunks(2, 1)
      mean = parts[0]
      logVariance = try parts[1].clamped(-30...20)
    }

    /// A drawn latent, the same as diffusers' with a CPU generator in the same state.
    public func sample(using generator: Generator) throws -> Tensor {
      let noise = try Tensor.normal(mean.shape, using: generator).to(mean.device)
      return try mean + (logVariance * 0.5).exponential() * noise
    }
  }

  /// Reads the model's parameters.
  public init(_ parameters: Parameters, _ configuration: VAEConfiguration) throws {
    let latents = configuration.latentChannels
    self.configuration = configuration
    encoder = try VAEEncoder(parameters["encoder"], configuration)
    decoder = try VAEDecoder(parameters["decoder"], configuration)
    toLatents =
      configuration.latentConvolutions
      ? try Convolution(parameters["quant_conv"], inputs: 2 * latents, outputs: 2 * latents, kernel: 1) : nil
    fromLatents =
      configuration.latentConvolutions
      ? try Convolution(parameters["post_quant_conv"], inputs: latents, outputs: latents, kernel: 1) : nil
  }

  /// The latents of pictures, before scaling.
  /// - Parameters:
  ///   - pictures: `[batch, 3, height, width]` from −1 to 1, sizes that ``VAEConfiguration/reduction`` divides.
  ///   - tiling: how pictures larger than a tile are cut; `nil` for not at all.
  ///   - slicing: whether the pictures of a batch are computed one after another, which takes less memory.
  public func encode(_ pictures: Tensor, tiling: VAETiling? = nil, slicing: Bool = false) throws -> Distribution {
    let pictures = try pictures.to(encoder.input.weight.device, encoder.input.weight.scalarType)
    let all = try sliced(pictures, slicing) { slice in
      guard let tiling else { return try moments(slice) }
      return try tiling.blended(slice, unit: 1, down: configuration.reduction, moments)
    }
    return try Distribution(all)
  }

  /// The pictures of unscaled latents, about −1 to 1.
  /// - Parameters:
  ///   - latents: `[batch, 4, height, width]`.
  ///   - tiling: how pictures larger than a tile are cut; `nil` for not at all.
  ///   - slicing: whether the pictures of a batch are computed one after another, which takes less memory.
  public func decode(_ latents: Tensor, tiling: VAETiling? = nil, slicing: Bool = false) throws -> Tensor {
    let latents = try latents.to(decoder.input.weight.device, decoder.input.weight.scalarType)
    return try sliced(latents, slicing) { slice in
      guard let tiling else { return try pictures(slice) }
      return try tiling.blended(slice, unit: configuration.reduction, up: configuration.reduction, pictures)
    }
  }

  /// Latents of variance about 1, as the UNet takes them.
  public func scaled(_ latents: Tensor) throws -> Tensor { try latents * configuration.scalingFactor }

  /// The UNet's latents as ``decode(_:tiling:slicing:)`` takes them.
  public func unscaled(_ latents: Tensor) throws -> Tensor { try latents / configuration.scalingFactor }

  private func moments(_ pictures: Tensor) throws -> Tensor {
    let hidden = try encoder(pictures)
    return try toLatents.map { try $0(hidden, .plain) } ?? hidden
  }

  private func pictures(_ latents: Tensor) throws -> Tensor {
    try decoder(fromLatents.map { try $0(latents, .plain) } ?? latents)
  }

  private func sliced(_ batch: Tensor, _ slicing: Bool, _ body: (Tensor) throws -> Tensor) throws -> Tensor {
    let count = try batch.size(0)
    guard slicing, count > 1 else { return try body(batch) }
    return try Tensor.concatenated((0..<count).map { try body(batch.narrowed(0, from: $0, length: 1)) })
  }
}
