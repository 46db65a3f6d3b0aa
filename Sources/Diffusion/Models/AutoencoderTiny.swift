public import Torch

/// A small distilled autoencoder (TAESD family): previews at a hundredth of the cost.
///
/// It takes and gives the UNet's own latents; there is no scale between them. Parameters are named as in diffusers:
/// `encoder.layers.0.weight`, `decoder.layers.3.conv.2.bias`.
public struct AutoencoderTiny: Sendable {
  /// Its shape.
  public let configuration: TinyVAEConfiguration
  private let encoder: [TinyStep]
  private let decoder: [TinyStep]
  private let device: Device
  private let type: ScalarType

  /// Reads the model's parameters.
  public init(_ parameters: Parameters, _ configuration: TinyVAEConfiguration = .taesd) throws {
    self.configuration = configuration
    encoder = try TinyStep.encoder(parameters["encoder"]["layers"], configuration)
    decoder = try TinyStep.decoder(parameters["decoder"]["layers"], configuration)
    guard case .convolution(let first) = encoder[0] else { preconditionFailure("an encoder begins so") }
    device = first.weight.device
    type = try first.weight.scalarType
  }

  /// The latents of pictures from −1 to 1, `[batch, 3, height, width]`, sizes that the reduction divides.
  public func encode(_ pictures: Tensor) throws -> Tensor {
    // The network was trained on pictures from 0 to 1.
    let input = try (pictures.to(device, type) + 1) / 2
    return try encoder.reduce(input) { try $1($0) }
  }

  /// The pictures of latents, about −1 to 1.
  public func decode(_ latents: Tensor) throws -> Tensor {
    // Latents beyond the range it was trained on are bent back into it.
    let input = try (latents.to(device, type) / 3).hyperbolicTangent() * 3
    return try decoder.reduce(input) { try $1($0) } * 2 - 1
  }

  /// Latents as the UNet takes them.
  public func scaled(_ latents: Tensor) throws -> Tensor { try latents * configuration.scalingFactor }

  /// The UNet's latents as ``decode(_:)`` takes them.
  public func unscaled(_ latents: Tensor) throws -> Tensor { try latents / configuration.scalingFactor }

  /// Latents as numbers from 0 to 1, to be kept in a picture of four channels.
  public func stored(_ latents: Tensor) throws -> Tensor {
    try (latents / (2 * configuration.latentMagnitude) + configuration.latentShift).clamped(0...1)
  }

  /// What ``stored(_:)`` was made of, but for what it cut off.
  public func restored(_ numbers: Tensor) throws -> Tensor {
    try (numbers - configuration.latentShift) * (2 * configuration.latentMagnitude)
  }
}
