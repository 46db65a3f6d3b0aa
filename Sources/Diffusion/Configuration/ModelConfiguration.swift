public import Adapters

/// A whole model: what its networks look like and how they work together.
public struct ModelConfiguration: Sendable, Hashable {
  /// The family, which decides how text conditions the UNet.
  public var family: Architecture
  /// The denoising network.
  public var unet: UNetConfiguration
  /// The first text encoder.
  public var textEncoder1: CLIPConfiguration
  /// SDXL's second text encoder.
  public var textEncoder2: CLIPConfiguration?
  /// Pictures to latents and back.
  public var vae: VAEConfiguration
  /// Noise and prediction.
  public var schedule = ScheduleConfiguration()

  /// Makes a description.
  public init(
    family: Architecture, unet: UNetConfiguration, textEncoder1: CLIPConfiguration,
    textEncoder2: CLIPConfiguration? = nil, vae: VAEConfiguration
  ) {
    self.family = family
    self.unet = unet
    self.textEncoder1 = textEncoder1
    self.textEncoder2 = textEncoder2
    self.vae = vae
  }

  /// SD 1.5.
  public static let sd15 = ModelConfiguration(family: .sd1, unet: .sd15, textEncoder1: .clipL, vae: .sd)
  /// SD 2.x that predicts noise; those of 768 pixels predict velocity.
  public static let sd2 = ModelConfiguration(family: .sd2, unet: .sd2, textEncoder1: .openCLIPH, vae: .sd)
  /// SDXL.
  public static let sdxl = ModelConfiguration(
    family: .sdxl, unet: .sdxl, textEncoder1: .clipL, textEncoder2: .openCLIPbigG, vae: .sdxl)
}
