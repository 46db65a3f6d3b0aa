import SafeTensors

extension TrainingRecord {
  /// The checkpoint a LoRA was trained on.
  public struct BaseModel: Sendable, Codable, Equatable {
    /// The checkpoint's name as stored, usually a file name.
    public var modelName: String?
    /// The checkpoint file's SHA-256 where known, else the short hash of old web UIs.
    public var modelHash: String?
    /// The short hash of old web UIs, 8 hexadecimal digits; different models can share one.
    public var legacyHash: String?
    /// The family as the trainer calls it, for example `sdxl_base_v1-0`.
    public var version: String?
    /// The separate VAE, if one was used.
    public var vaeName: String?
    /// The VAE file's SHA-256 where known, else the short hash of old web UIs.
    public var vaeHash: String?
    /// The model's kind within a family with several, for example `flux` or `chroma`.
    public var modelType: String?
    /// Which text-encoder layer from the end was used; 1 is the last.
    public var clipSkip: Int?
    /// How many tokens of a caption were read; nil means the model's 75.
    public var maxTokenLength: Int?
    /// What the network was trained to predict.
    public var predictionType: PredictionType?
    /// Whether the trainer says that this is Stable Diffusion 2.
    public var isSD2: Bool
    /// Whether the name is that of a model people train on, or of one made from such a model.
    public var assessment: BaseAssessment

    init(reading reader: inout MetadataReader) {
      let name = reader.text("ss_sd_model_name")
      let hash = (reader.text("ss_new_sd_model_hash") ?? reader.text("ss_sd_model_hash"))?.lowercased()
      modelName = name
      modelHash = hash
      legacyHash = reader.text("ss_sd_model_hash")?.lowercased()
      version = reader.text("ss_base_model_version") ?? reader.text("modelspec.architecture")
      vaeName = reader.text("ss_vae_name")
      vaeHash = (reader.text("ss_new_vae_hash") ?? reader.text("ss_vae_hash"))?.lowercased()
      modelType = reader.text("ss_model_type")
      // Read here or below where the one before them says nothing.
      reader.take(
        "ss_sd_model_hash", "ss_vae_hash", "modelspec.architecture", "modelspec.prediction_type",
        "ss_v_parameterization")
      clipSkip = reader.count("ss_clip_skip")
      maxTokenLength = reader.count("ss_max_token_length")
      isSD2 = reader.flag("ss_v2") ?? false
      predictionType = Self.prediction(&reader)
      assessment = BaseAssessment(name: name, hash: hash)
    }

    private static func prediction(_ reader: inout MetadataReader) -> PredictionType? {
      if let text = reader.text("modelspec.prediction_type"), let type = PredictionType(modelspec: text) {
        return type
      }
      if let flag = reader.flag("ss_v_parameterization") { return flag ? .velocity : .epsilon }
      let arguments = reader.json("ss_network_args")
      if let flag = (arguments?["v_parameterization"] ?? arguments?["v_pred"])?.scalarText?.lowercased() {
        return flag == "true" ? .velocity : .epsilon
      }
      // Only the trainers of flow-matching models write these.
      if reader.has("ss_model_prediction_type") || reader.has("ss_discrete_flow_shift") { return .flow }
      let stated = reader.text("modelspec.architecture") ?? reader.text("ss_base_model_version")
      let family = (stated ?? "").lowercased()
      let flowFamilies = ["flux", "stable-diffusion-3", "sd3", "chroma", "lumina"]
      return flowFamilies.contains(where: family.hasPrefix) ? .flow : nil
    }
  }
}

/// What a diffusion model predicts.
///
/// A LoRA for one kind is useless on a model of another.
public enum PredictionType: String, Sendable, Codable, CaseIterable {
  /// The noise that was added (most SD 1.x and SDXL models).
  case epsilon
  /// The velocity between noise and image (SD 2.x 768, v-prediction SDXL models).
  case velocity = "v"
  /// The straight path from noise to image (Flux, SD3 and their like).
  case flow

  init?(modelspec text: String) {
    switch text.lettersAndDigits {
    case "epsilon", "eps": self = .epsilon
    case "v", "vprediction", "vpred", "velocity": self = .velocity
    case "flow", "flowmatching", "rectifiedflow": self = .flow
    default: return nil
    }
  }

  /// A name for people.
  public var label: String {
    switch self {
    case .epsilon: "epsilon (noise)"
    case .velocity: "v-prediction"
    case .flow: "flow matching"
    }
  }
}
