/// The shape of a small distilled autoencoder (TAESD, TAESDXL), in the terms of diffusers' `AutoencoderTiny`.
public struct TinyVAEConfiguration: Sendable, Hashable {
  /// Channels of a picture.
  public var pictureChannels = 3
  /// Channels of a latent.
  public var latentChannels = 4
  /// The channels of each level of the encoder, from the finest; all but the first halve the size.
  public var encoderChannels = [64, 64, 64, 64]
  /// The blocks of each level of the encoder.
  public var encoderBlocks = [1, 3, 3, 3]
  /// The channels of each level of the decoder, from the coarsest; all but the last double the size.
  public var decoderChannels = [64, 64, 64, 64]
  /// The blocks of each level of the decoder.
  public var decoderBlocks = [3, 3, 3, 1]
  /// What latents are multiplied by for the UNet: 1, for these networks are made for the UNet's own latents.
  public var scalingFactor = 1.0
  /// Half of the range of latents when they are stored as numbers from 0 to 1.
  public var latentMagnitude = 3.0
  /// What a latent of 0 is when they are stored so.
  public var latentShift = 0.5

  /// TAESD's shape: 2,445,063 parameters.
  public init() {}

  /// TAESD, for SD 1, SD 2 and, with other weights, SDXL.
  public static let taesd = TinyVAEConfiguration()

  /// How many pixels wide and high one latent is.
  public var reduction: Int { 1 << (decoderChannels.count - 1) }
}
