/// A dialect that files can be written in.
public enum OutputDialect: String, Sendable, Codable, CaseIterable {
  /// kohya's stems: the original layer names for SDXL and every transformer, diffusers' names for SD 1.x and 2.x. What
  /// kohya's own trainers write, and every UI loads.
  case kohya
  /// kohya's stems over diffusers' layer names, for every model.
  case kohyaDiffusers = "kohya-diffusers"
  /// diffusers with PEFT's letters: `unet.….lora_A.weight`.
  case diffusers
  /// A raw PEFT adapter of the denoising network: `base_model.model.….lora_A.weight`.
  case peft
  /// The paths of the model's own code: `diffusion_model.….lora_A.weight`, with alphas.
  case comfy
  /// OneTrainer's: kohya's manner over diffusers' names, `lora_transformer_` for a transformer.
  case oneTrainer = "onetrainer"

  /// Whether the dialect stores alpha as a tensor.
  ///
  /// Where it does not, loaders take the rank for it.
  public var storesAlpha: Bool { self != .diffusers && self != .peft }

  /// Whether factors are called `lora_A` and `lora_B`.
  public var usesLetters: Bool { self == .diffusers || self == .peft || self == .comfy }

  /// The dialect that a file's own is written back as.
  public init(_ dialect: Dialect) {
    switch dialect {
    case .kohyaSGM, .kohyaOriginal, .cloneofsimo, .unknown: self = .kohya
    case .kohya: self = .kohyaDiffusers
    case .diffusersProcessor, .diffusers, .diffusersPEFT: self = .diffusers
    case .peft: self = .peft
    case .comfy, .original, .xlabs: self = .comfy
    case .oneTrainer, .lycoris: self = .oneTrainer
    }
  }
}

/// The keys of a written layer.
public struct OutputKeys: Sendable, Hashable {
  /// The left factor's key.
  public var up: String
  /// The right factor's key.
  public var down: String
  /// The alpha's key; nil where the dialect has none.
  public var alpha: String?
}

extension OutputDialect {
  /// The keys for a layer of two factors.
  ///
  /// - Parameters:
  ///   - path: the layer.
  ///   - architecture: the base model, which decides between `te` and `te1` and between namings.
  /// - Returns: nil when this dialect has no name for the layer (PEFT adapters hold one network only; the model's own
  ///   code keeps some layers as one that diffusers keeps apart).
  public func keys(for path: ModulePath, architecture: Architecture) -> OutputKeys? {
    guard let stem = stem(for: path, architecture: architecture) else { return nil }
    return OutputKeys(
      up: "\(stem).\(ending(.up))", down: "\(stem).\(ending(.down))",
      alpha: storesAlpha ? "\(stem).\(ending(.alpha))" : nil)
  }

  /// What the keys of a layer have in common; nil when this dialect has no name for the layer.
  public func stem(for path: ModulePath, architecture: Architecture) -> String? {
    switch self {
    case .kohya:
      return KohyaNames.stem(
        of: path, original: architecture == .sdxl || path.part == .transformer, architecture: architecture)
    case .comfy: return ComfyNames.stem(of: path, architecture: architecture)
    case .peft where !path.part.isDenoiser: return nil
    // A layer that diffusers keeps apart has no name of its own in these.
    case .kohyaDiffusers, .oneTrainer, .diffusers, .peft:
      guard LayerFamily.of(architecture)?.isComposite(path) != true else { return nil }
      switch self {
      case .kohyaDiffusers: return KohyaNames.stem(of: path, original: false, architecture: architecture)
      case .oneTrainer: return OneTrainerNames.stem(of: path, architecture: architecture)
      default: return DottedNames.stem(of: path, peft: self == .peft, architecture: architecture)
      }
    }
  }

  /// How the key of a role ends, without the dot before it.
  public func ending(_ role: TensorRole) -> String {
    switch role {
    case .up: usesLetters ? "lora_B.weight" : "lora_up.weight"
    case .down: usesLetters ? "lora_A.weight" : "lora_down.weight"
    case .mid: "lora_mid.weight"
    // Loaders of kohya's dialect know one name for a bias beside factors.
    case .bias: usesLetters ? "lora_B.bias" : "diff_b"
    case .doraScale where self == .diffusers || self == .peft: "lora_magnitude_vector.weight"
    case .oftRotation: "oft_R.weight"
    case .gloraA1, .gloraA2, .gloraB1, .gloraB2: "\(role.name).weight"
    default: role.name
    }
  }
}
