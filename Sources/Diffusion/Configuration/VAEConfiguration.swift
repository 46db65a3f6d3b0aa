/// The shape of the network between pictures and latents, in the terms of diffusers' `vae/config.json`.
public struct VAEConfiguration: Sendable, Hashable {
  /// Channels of a picture.
  public var pictureChannels = 3
  /// Channels of a latent.
  public var latentChannels = 4
  /// The channels of each level, from the finest; all but the last halve the size.
  public var channels: [Int]
  /// The residual blocks of a level of the encoder; one more in the decoder.
  public var layersPerLevel = 2
  /// The groups of group norms.
  public var normGroups = 32
  /// What latents are multiplied by to have variance 1: 0.18215 for SD 1 and 2, 0.13025 for SDXL.
  public var scalingFactor: Double
  /// Whether 1×1 convolutions stand between the latents and both networks (diffusers' `use_quant_conv`,
  /// `use_post_quant_conv`); all Stable Diffusion models up to SDXL have them.
  public var latentConvolutions = true
  /// Whether the middle of both networks attends over the whole picture.
  public var middleAttention = true
  /// Whether the weights overflow in F16, so that half precision means BF16 or F32 here (SDXL's first VAE).
  public var needsRange = false

  /// Makes a description.
  public init(channels: [Int], scalingFactor: Double) {
    self.channels = channels
    self.scalingFactor = scalingFactor
  }

  /// How many pixels wide and high one latent is.
  public var reduction: Int { 1 << (channels.count - 1) }

  /// SD 1.x and 2.x: 83,653,863 parameters.
  public static let sd = VAEConfiguration(channels: [128, 256, 512, 512], scalingFactor: 0.18215)
  /// SDXL: the same shape, another scale.
  public static let sdxl: VAEConfiguration = {
    var configuration = VAEConfiguration(channels: [128, 256, 512, 512], scalingFactor: 0.13025)
    configuration.needsRange = true
    return configuration
  }()
}
