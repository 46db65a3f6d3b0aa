public import SafeTensors

/// What a base model, or a component of one, consists of, read from its keys alone.
public struct CheckpointSummary: Sendable, Codable, Equatable {
  /// One network of it.
  public struct Component: Sendable, Codable, Equatable {
    /// How people call it.
    public var name: String
    /// How many tensors it has.
    public var tensors: Int
    /// How many numbers they hold.
    public var parameters: Int
    /// How many tensors each number format has.
    public var dtypes: [String: Int]
  }

  /// The family.
  public var architecture: Architecture
  /// The width of the text that cross-attention reads, which tells the family.
  @Explicit public var textWidth: Int?
  /// The networks, in the pipeline's order.
  public var components: [Component]
  /// What it predicts, where keys or metadata tell.
  @Explicit public var prediction: PredictionType?
  /// Whether its noise schedule ends in pure noise, as a marker says.
  public var hasZeroTerminalSNR: Bool
  /// How many files it was read from; nil for one.
  @Explicit public var files: Int?
  /// The empty tensors that mark the kind of model for loaders.
  public var markers: [String]

  /// Recognises a base model; nil when no key looks like one.
  public init?(file: SafeTensorsFile) {
    var components: [ModelComponent: Component] = [:]
    for tensor in file.header.tensors {
      guard let kind = ModelComponent(key: tensor.name) else { continue }
      var component =
        components[kind] ?? Component(name: kind.rawValue, tensors: 0, parameters: 0, dtypes: [:])
      component.tensors += 1
      component.parameters = component.parameters.addingCapped(tensor.count)
      component.dtypes[tensor.dtype.rawValue, default: 0] += 1
      components[kind] = component
    }
    guard !components.isEmpty else { return nil }
    self.components = ModelComponent.allCases.compactMap { components[$0] }
    markers = ["v_pred", "ztsnr", "edm_vpred.sigma_max", "edm_mean"].filter { file[$0] != nil }
    let scheduler = Self.scheduler(of: file)
    hasZeroTerminalSNR = markers.contains("ztsnr") || scheduler?["rescale_betas_zero_snr"]?.bool == true
    files = file.pieces.isEmpty ? nil : file.pieces.count
    let declared = file.header.metadata["modelspec.prediction_type"].flatMap { PredictionType(modelspec: $0) }
    let scheduled = scheduler?["prediction_type"]?.string.flatMap { PredictionType(modelspec: $0) }
    prediction = markers.contains("v_pred") ? .velocity : declared ?? scheduled
    let width = file.header.tensors.first { $0.name.hasSuffix("attn2.to_k.weight") }.flatMap {
      $0.shape.dropFirst().first
    }
    textWidth = width
    architecture = Self.family(width: width, file: file)
  }

  /// The configuration of a folder's scheduler; nil where there is none, or none that can be read.
  private static func scheduler(of file: SafeTensorsFile) -> JSONValue? {
    guard !file.pieces.isEmpty, FolderContents.isFolder(file.path) else { return nil }
    // A damaged one costs a fact about the model, not the model.
    return (try? TextFile.contents("\(file.path)/scheduler/scheduler_config.json")).flatMap { $0 }.flatMap {
      try? JSONParser.parse(String(decoding: $0, as: UTF8.self))
    }
  }

  private static func family(width: Int?, file: SafeTensorsFile) -> Architecture {
    switch width {
    case 768: return .sd1
    case 1024: return .sd2
    case 2048: return .sdxl
    default: break
    }
    if let named = Architecture.named(in: file.header.metadata) { return named }
    let names = file.header.tensors.lazy.map(\.name)
    // Only SDXL has a second embedding for sizes, and a second text encoder under this name.
    let signs = ["label_emb.0.0.weight", "add_embedding.linear_1.weight", "conditioner.embedders.1."]
    if names.contains(where: { name in signs.contains(where: name.contains) }) { return .sdxl }
    return width == nil ? Architecture.recognised(keys: names) ?? .unknown : .unknown
  }
}

/// A network of a pipeline, known by the beginnings of its keys.
enum ModelComponent: String, CaseIterable {
  case textEncoder1 = "text encoder 1"
  case textEncoder2 = "text encoder 2"
  case textEncoder = "text encoder"
  case unet = "UNet"
  case transformer = "transformer"
  case vae = "VAE"
  case imageEncoder = "image encoder"
  case safetyChecker = "safety checker"
  case ema = "averaged weights (EMA)"

  init?(key: String) {
    guard let match = Self.beginnings.first(where: { key.hasPrefix($0.prefix) }) else { return nil }
    self = match.component
    // Newer families keep their transformer under the UNet's old name.
    if self == .unet, Self.blocks.contains(where: key.contains) { self = .transformer }
  }

  private static let blocks = [
    "double_blocks.", "single_blocks.", "joint_blocks.", "transformer_blocks.0.img_",
  ]

  private static let beginnings: [(prefix: String, component: ModelComponent)] = [
    ("model.diffusion_model.", .unet), ("first_stage_model.", .vae), ("model_ema.", .ema),
    ("conditioner.embedders.0.", .textEncoder1), ("conditioner.embedders.1.", .textEncoder2),
    ("conditioner.", .textEncoder), ("cond_stage_model.", .textEncoder), ("text_encoders.", .textEncoder),
    ("text_encoder.", .textEncoder1), ("text_encoder_2.", .textEncoder2), ("text_encoder_3.", .textEncoder),
    ("transformer.", .transformer), ("image_encoder.", .imageEncoder), ("safety_checker.", .safetyChecker),
    ("vae.", .vae), ("text_model.", .textEncoder), ("text_projection.", .textEncoder), ("unet.", .unet),
    ("down_blocks.", .unet), ("up_blocks.", .unet), ("mid_block.", .unet), ("input_blocks.", .unet),
    ("middle_block.", .unet), ("output_blocks.", .unet), ("time_embedding.", .unet), ("time_embed.", .unet),
    ("add_embedding.", .unet), ("label_emb.", .unet), ("conv_in.", .unet), ("conv_out.", .unet),
    ("conv_norm_out.", .unet), ("encoder.down_blocks.", .vae), ("encoder.mid_block.", .vae),
    ("encoder.conv_", .vae),
    ("decoder.up_blocks.", .vae), ("decoder.mid_block.", .vae), ("decoder.conv_", .vae),
    ("quant_conv.", .vae),
    ("post_quant_conv.", .vae), ("double_blocks.", .transformer), ("single_blocks.", .transformer),
    ("joint_blocks.", .transformer), ("single_transformer_blocks.", .transformer),
    ("transformer_blocks.", .transformer),
  ]
}
