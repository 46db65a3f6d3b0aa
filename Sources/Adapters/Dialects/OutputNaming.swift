/// A dialect that files can be written in.
public enum OutputDialect: String, Sendable, Codable, CaseIterable {
  /// kohya's stems, with the original layer names for SDXL and diffusers' names otherwise: what kohya's own trainers
  /// write, and every UI loads.
  case kohya
  /// kohya's stems over diffusers' layer names, for every model.
  case kohyaDiffusers = "kohya-diffusers"
  /// diffusers with PEFT's letters: `unet.….lora_A.weight`; the scale is folded into `lora_B`.
  case diffusers
  /// A raw PEFT adapter of the UNet: `base_model.model.….lora_A.weight`; the scale is folded into `lora_B`.
  case peft

  /// Whether the dialect stores alpha as a tensor.
  ///
  /// Where it does not, loaders take the rank for it.
  public var storesAlpha: Bool { self == .kohya || self == .kohyaDiffusers }

  /// The dialect that a file's own is written back as.
  public init(_ dialect: Dialect) {
    switch dialect {
    case .kohyaSGM, .cloneofsimo, .unknown: self = .kohya
    case .kohya: self = .kohyaDiffusers
    case .diffusersProcessor, .diffusers, .diffusersPEFT: self = .diffusers
    case .peft: self = .peft
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
  /// The keys for a layer.
  ///
  /// - Parameters:
  ///   - path: the layer.
  ///   - architecture: the base model, which decides between `te` and `te1` and between the two UNet namings.
  /// - Returns: nil when this dialect has no name for the layer (PEFT adapters hold one network only).
  public func keys(for path: ModulePath, architecture: Architecture) -> OutputKeys? {
    switch self {
    case .kohya, .kohyaDiffusers:
      let sdxl = architecture == .sdxl
      guard
        let stem = KohyaNames.stem(
          of: path, sgm: sdxl && self == .kohya, twoTextEncoders: architecture.hasTwoTextEncoders)
      else { return nil }
      return OutputKeys(up: "\(stem).lora_up.weight", down: "\(stem).lora_down.weight", alpha: "\(stem).alpha")
    case .diffusers, .peft:
      guard self == .diffusers || path.part == .unet else { return nil }
      let stem = DottedNames.stem(of: path, peft: self == .peft)
      return OutputKeys(up: "\(stem).lora_B.weight", down: "\(stem).lora_A.weight", alpha: nil)
    }
  }
}
