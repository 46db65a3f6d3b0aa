import Adapters
import SafeTensors
import Torch

/// A base model ready to run: its networks, its tokenizers and the places where adapters act.
///
/// Immutable after it was made; one model serves any number of runs. (Unchecked for the list of sites alone, which
/// nothing changes once the networks are made.)
public final class DiffusionModel: @unchecked Sendable {
  /// The model on disk.
  public let checkpoint: ModelCheckpoint
  /// Where and in which format it computes.
  public let precision: Precision
  /// The denoising network.
  public let unet: UNet
  /// The first text encoder.
  public let textEncoder1: CLIPTextEncoder
  /// SDXL's second text encoder.
  public let textEncoder2: CLIPTextEncoder?
  /// What makes pictures of latents.
  public let decoder: PictureDecoder
  /// The text encoders' tokenizers.
  public let tokenizers: ModelTokenizers
  /// The layers of UNet and text encoders, for adapters.
  public let sites: SiteList
  /// Whether an absent negative prompt is zeros, as SDXL was trained, and not the empty text.
  public let zeroesAbsentPrompt: Bool

  /// What the model looks like.
  public var configuration: ModelConfiguration { checkpoint.configuration }
  /// How many pixels wide and high one latent is.
  public var reduction: Int { configuration.vae.reduction }
  /// The width and height that the model was trained for: 512 for SD 1, 768 or 512 for SD 2, 1024 for SDXL.
  public var standardSide: Int { configuration.unet.sampleSize * reduction }

  /// Which VAE to take.
  public enum VAE: Sendable, Hashable {
    /// The model's own.
    case own
    /// Another of the same shape: its file, or a folder that has one.
    case file(String)
    /// A TAESD: its file, or the folder in which diffusers keeps it.
    case tiny(String)
  }

  /// Reads a model.
  /// - Parameters:
  ///   - checkpoint: the opened model.
  ///   - precision: where and in which format it computes.
  ///   - vae: what makes the pictures.
  ///   - environment: the value of an environment variable, for the place of CLIP's vocabulary.
  /// - Throws: ``CheckpointError`` when parts are missing, ``TokenizerError``, ``DiffusionError`` for inpainting models.
  public init(
    _ checkpoint: ModelCheckpoint, _ precision: Precision, vae: VAE = .own, environment: (String) -> String?
  ) throws {
    let configuration = checkpoint.configuration
    let channels = configuration.unet.inputChannels
    guard channels == configuration.vae.latentChannels else {
      throw DiffusionError(
        "\(checkpoint.path): the UNet takes \(channels) channels, as inpainting models do, and not the \(configuration.vae.latentChannels) of a picture's latents; take the model's plain version"
      )
    }
    // Before gigabytes are read.
    tokenizers = try ModelTokenizers(checkpoint, environment: environment)
    let needs = ParameterList()
    _ = try Networks(needs, configuration, SiteList())
    if vae == .own { _ = try AutoencoderKL(Parameters(needs, .vae), configuration.vae) }
    let source = try CheckpointParameters(checkpoint, for: needs.entries, as: precision.type, on: precision.device)
    let vaeType = precision.vaeType(configuration.vae)
    source.scalarTypes[.vae] = vaeType

    func file(_ path: String, _ what: String) throws -> Parameters {
      Parameters(
        try FileParameters(path: path, what, for: configuration, as: vaeType, on: precision.device), .vae)
    }
    switch vae {
    case .own: decoder = .full(try AutoencoderKL(Parameters(source, .vae), configuration.vae))
    case .file(let path): decoder = .full(try AutoencoderKL(file(path, "VAE"), configuration.vae))
    case .tiny(let path):
      let network = try AutoencoderTiny(file(path, "TAESD"))
      guard network.configuration.reduction == configuration.vae.reduction else {
        throw DiffusionError(
          "\(path): a TAESD makes \(network.configuration.reduction) pixels of a latent, the model \(configuration.vae.reduction)"
        )
      }
      decoder = .tiny(network)
    }
    sites = SiteList()
    // As the UNet's activations lie: nothing is reordered on the way.
    let networks = try Networks(ChannelsLastParameters(source), configuration, sites)
    unet = networks.unet
    textEncoder1 = networks.textEncoder1
    textEncoder2 = networks.textEncoder2
    self.checkpoint = checkpoint
    self.precision = precision
    zeroesAbsentPrompt = try textEncoder2 != nil && checkpoint.zeroesAbsentPrompt()
  }
}

/// The networks that adapters act on.
private struct Networks {
  let unet: UNet
  let textEncoder1: CLIPTextEncoder
  let textEncoder2: CLIPTextEncoder?

  init(_ source: any ParameterSource, _ configuration: ModelConfiguration, _ sites: SiteList) throws {
    unet = try UNet(Parameters(source, .unet, sites: sites), configuration.unet)
    textEncoder1 = try CLIPTextEncoder(
      Parameters(source, .textEncoder1, sites: sites), configuration.textEncoder1)
    textEncoder2 = try configuration.textEncoder2.map {
      try CLIPTextEncoder(Parameters(source, .textEncoder2, sites: sites), $0)
    }
  }
}

extension ModelCheckpoint {
  /// What a folder's index says of absent negative prompts (`force_zeros_for_empty_prompt`); diffusers' default is yes.
  func zeroesAbsentPrompt() throws -> Bool {
    guard layout == .folder else { return true }
    return try JSONFile.object("\(path)/model_index.json")?["force_zeros_for_empty_prompt"]?.bool ?? true
  }
}
