/// ComfyUI's stems: the path that a layer has in the model's own code, behind `diffusion_model.` or `text_encoders.`;
/// and the same paths without any prefix, as OneTrainer and Black Forest Labs write them.
///
/// Transformers' are read by ``TransformerSpelling``.
enum ComfyNames {
  private static let prefixes = ["model.diffusion_model.", "diffusion_model."]
  private static let texts: [(prefix: String, part: ModelPart)] = [
    ("text_encoders.clip_l.transformer.", .textEncoder1), ("text_encoders.clip_g.transformer.", .textEncoder2),
    ("text_encoders.clip_h.transformer.", .textEncoder1), ("text_encoders.t5xxl.transformer.", .textEncoder3),
  ]

  static func resolve(_ stem: String) -> ResolvedStem? {
    for (prefix, part) in texts where stem.hasPrefix(prefix) {
      let name = String(stem.dropFirst(prefix.count))
      let isKnown =
        part == .textEncoder3 ? TextModels.t5.find(dotted: name) != nil : TextEncoderModules.contains(name)
      return isKnown ? ResolvedStem(path: .init(part: part, name: name), dialect: .comfy) : nil
    }
    let prefix = prefixes.first(where: stem.hasPrefix)
    let rest = String(stem.dropFirst(prefix?.count ?? 0))
    guard let name = UNetModules.diffusersName(sgm: rest) ?? (UNetModules.contains(rest) ? rest : nil) else {
      return nil
    }
    return ResolvedStem(path: .init(part: .unet, name: name), dialect: prefix == nil ? .original : .comfy)
  }

  /// The stem of a layer in ComfyUI's naming; nil where the model's own code has no such layer.
  static func stem(of path: ModulePath, architecture: Architecture) -> String? {
    switch path.part {
    case .unet: UNetModules.sgmName(of: path.name).map { "diffusion_model." + $0 }
    case .transformer: LayerFamily.original(path.name, architecture).map { "diffusion_model." + $0 }
    case .textEncoder1:
      "text_encoders.\(architecture == .sd2 ? "clip_h" : "clip_l").transformer." + path.name
    case .textEncoder2: "text_encoders.clip_g.transformer." + path.name
    case .textEncoder3: "text_encoders.t5xxl.transformer." + path.name
    // ComfyUI names a language model after its kind, which a LoRA does not tell.
    case .languageModel: nil
    }
  }
}
