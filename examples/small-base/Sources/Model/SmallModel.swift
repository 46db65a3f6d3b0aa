import Diffusion
import Torch

/// What the small base looks like.
enum SmallModel {
  /// Twice what Stable Diffusion has: 4 × 4 pixels of eyes, glasses and hands are more than four numbers tell.
  static let latentChannels = 8

  /// The whole model, of SD 1's family.
  /// - Parameter scalingFactor: what brings latents to variance 1; known once the autoencoder is trained.
  static func configuration(scalingFactor: Double = 1) -> ModelConfiguration {
    var unet = UNetConfiguration(
      channels: [64, 96, 96], transformerLayers: [0, 1, 1], middleTransformerLayers: 1, heads: [2, 3, 3],
      contextWidth: 128, linearProjections: false, sampleSize: 16)
    unet.layersPerLevel = 1
    (unet.inputChannels, unet.outputChannels) = (latentChannels, latentChannels)
    unet.normGroups = 16
    var text = CLIPConfiguration(
      width: 128, layers: 2, heads: 4, intermediateWidth: 512, activation: .quickGelu)
    text.vocabulary = WordPieces.standard.tokens.count
    text.endToken = text.vocabulary - 1
    var vae = VAEConfiguration(channels: [16, 32, 64], scalingFactor: scalingFactor)
    vae.layersPerLevel = 1
    vae.latentChannels = latentChannels
    vae.normGroups = 8
    var model = ModelConfiguration.sd15
    (model.unet, model.textEncoder1, model.vae) = (unet, text, vae)
    // At this size a predicted noise leaves colours to drift where there is little picture in the noise.
    model.schedule.prediction = .velocity
    return model
  }

  /// Every parameter of the model.
  static func entries(_ configuration: ModelConfiguration) throws -> [ParameterList.Entry] {
    let list = ParameterList()
    _ = try UNet(Parameters(list, .unet), configuration.unet)
    _ = try CLIPTextEncoder(Parameters(list, .textEncoder1), configuration.textEncoder1)
    _ = try AutoencoderKL(Parameters(list, .vae), configuration.vae)
    return list.entries
  }

  /// Writes a model in diffusers' layout, in F16.
  /// - Parameters:
  ///   - path: the folder to make.
  ///   - scratch: a folder to make on the way: a writer takes tokenizers from another model's folder.
  ///   - tensor: one parameter.
  static func write(
    to path: String, scratch: String, _ configuration: ModelConfiguration,
    tensor: (ParameterList.Entry) throws -> Tensor
  ) throws {
    let entries = try entries(configuration)
    func write(_ path: String, _ source: ModelCheckpoint?) throws {
      try withoutGradients {
        _ = try CheckpointWriter(configuration, as: .f16, tokenizersOf: source).write(
          to: path, .folder, entries: entries, types: { _ in .f16 },
          tensor: { try tensor($0).detached().contiguous() })
      }
    }
    try write(scratch, nil)
    try WordPieces.standard.write(to: "\(scratch)/tokenizer")
    try write(path, try ModelCheckpoint(path: scratch))
  }
}
