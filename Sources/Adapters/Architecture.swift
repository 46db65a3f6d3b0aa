/// The base model a file is for.
public enum Architecture: String, Sendable, Codable, CaseIterable {
  case sd1
  case sd2
  case sdxl
  case sd3
  case flux1
  case flux2
  case chroma
  case wan
  case qwenImage = "qwen-image"
  case zImage = "z-image"
  case hunyuan
  case lumina2
  case anima
  case krea2
  case unknown

  /// A name for people.
  public var label: String {
    switch self {
    case .sd1: "Stable Diffusion 1.x"
    case .sd2: "Stable Diffusion 2.x"
    case .sdxl: "SDXL"
    case .sd3: "Stable Diffusion 3"
    case .flux1: "Flux.1"
    case .flux2: "Flux.2"
    case .chroma: "Chroma"
    case .wan: "Wan"
    case .qwenImage: "Qwen-Image"
    case .zImage: "Z-Image"
    case .hunyuan: "Hunyuan"
    case .lumina2: "Lumina 2"
    case .anima: "Anima"
    case .krea2: "Krea 2"
    case .unknown: "unknown"
    }
  }

  /// Whether the model has more than one text encoder, so that files number them.
  public var hasSeveralTextEncoders: Bool { self == .sdxl || self == .flux1 || self == .sd3 }
}

extension Architecture {
  /// Recognises the base model of an adapter of the Stable Diffusion family.
  ///
  /// Shapes decide before metadata do: the width of the text that cross-attention reads is 768 for SD 1.x, 1024
  /// for SD 2.x and 2048 for SDXL. The layers trained and the metadata serve where no cross-attention was.
  static func recognised(modules: [AdapterModule], metadata: [String: String]) -> Architecture {
    let crossInputs = modules.lazy.filter { [.crossAttentionK, .crossAttentionV].contains($0.path.role) }.map(\.inputs)
    switch crossInputs.first {
    case 768: return .sd1
    case 1024: return .sd2
    case 2048: return .sdxl
    default: break
    }
    if let named = named(in: metadata) { return named }
    if modules.contains(where: { $0.path.part == .textEncoder2 }) { return .sdxl }
    // Only SDXL stacks more than one transformer block.
    if modules.contains(where: { $0.path.name.contains(".transformer_blocks.1.") }) { return .sdxl }
    let text = modules.first { $0.path.part == .textEncoder1 && $0.path.role == .textAttention }
    switch text?.inputs {
    case 768: return .sd1
    case 1024: return .sd2
    default: return .unknown
    }
  }

  /// The metadata key under which a written file keeps the base model: diffusers names layers of several families alike.
  package static let convertedKey = "troupe.architecture"

  /// The base model that the metadata name.
  static func named(in metadata: [String: String]) -> Architecture? {
    if let own = metadata[convertedKey].flatMap(Architecture.init(rawValue:)) { return own }
    let texts = ["ss_base_model_version", "modelspec.architecture", "ss_network_module"].compactMap {
      metadata[$0]?.lowercased()
    }
    for text in texts {
      let signs: [(String, Architecture)] = [
        ("sdxl", .sdxl), ("stable-diffusion-xl", .sdxl), ("flux2", .flux2), ("flux-2", .flux2), ("flux", .flux1),
        ("chroma", .chroma), ("sd3", .sd3), ("stable-diffusion-3", .sd3), ("sd_v1", .sd1),
        ("stable-diffusion-v1", .sd1),
        ("sd_v2", .sd2), ("stable-diffusion-v2", .sd2), ("wan", .wan), ("qwen", .qwenImage), ("hunyuan", .hunyuan),
        ("lumina", .lumina2), ("anima", .anima), ("krea", .krea2), ("zimage", .zImage), ("z-image", .zImage),
      ]
      if let match = signs.first(where: { text.contains($0.0) }) { return match.1 }
    }
    if metadata["ss_v2"] == "True" { return .sd2 }
    return nil
  }

  /// Guesses at the family of a file of which no layer is known, by its keys.
  static func recognised(keys: some Sequence<String>) -> Architecture? {
    let signs: [(String, Architecture)] = [
      ("single_transformer_blocks", .flux1), ("single_blocks", .flux1), ("double_blocks", .flux1),
      ("joint_blocks", .sd3), ("self_attn_k_img", .wan), ("img_mlp", .qwenImage), ("noise_refiner", .zImage),
      ("cross_attn", .wan),
    ]
    for key in keys {
      if let match = signs.first(where: { key.contains($0.0) }) { return match.1 }
    }
    return nil
  }
}
