/// kohya's stems: a prefix for the network, then the layer's path with underscores for dots.
///
/// Underscores also stand inside names, so the path cannot be recovered by rule; it is looked up. Transformers' stems
/// are read by ``TransformerSpelling``.
enum KohyaNames {
  private static let unetPrefix = "lora_unet_"
  private static let textPrefixes: [(prefix: String, part: ModelPart)] = [
    ("lora_te1_", .textEncoder1), ("lora_te2_", .textEncoder2), ("lora_te3_", .textEncoder3),
    ("lora_te_", .textEncoder1),
  ]
  /// What some converters leave behind the prefix.
  static let doubledUNet = ["lora_unet_", "unet_", "model_diffusion_model_", "diffusion_model_"]
  private static let doubledText = ["text_encoder_2_", "text_encoder_", "te1_", "te2_", "te_"]

  static func resolve(_ stem: String) -> ResolvedStem? {
    // sd-scripts' OFT names its layers like its LoRAs behind another prefix.
    if stem.hasPrefix("oft_unet_") { return resolve("lora_" + stem.dropFirst("oft_".count)) }
    if stem.hasPrefix(unetPrefix) {
      let rest = stem.dropFirst(unetPrefix.count)
      return unet(String(rest))
        ?? doubled(rest, doubledUNet).flatMap { found in
          unet(found).map { ResolvedStem(path: $0.path, dialect: $0.dialect, isDoubled: true) }
        }
    }
    for (prefix, part) in textPrefixes where stem.hasPrefix(prefix) {
      let rest = stem.dropFirst(prefix.count)
      return text(String(rest), part)
        ?? doubled(rest, doubledText).flatMap { found in
          text(found, part).map { ResolvedStem(path: $0.path, dialect: $0.dialect, isDoubled: true) }
        }
    }
    return nil
  }

  /// What stands behind prefixes that are there twice; nil where none is.
  private static func doubled(_ rest: Substring, _ prefixes: [String]) -> String? {
    prefixes.first(where: rest.hasPrefix).map { String(rest.dropFirst($0.count)) }
  }

  private static func unet(_ rest: String) -> ResolvedStem? {
    // The likelier table first: each is built when it is first asked.
    let original = ["input_blocks", "middle_block", "output_blocks"].contains { rest.hasPrefix($0) }
    if original, let place = sgm[rest] { return ResolvedStem(path: UNetModules.path(place), dialect: .kohyaSGM) }
    if let place = unet[rest] { return ResolvedStem(path: UNetModules.path(place), dialect: .kohya) }
    if let place = sgm[rest] { return ResolvedStem(path: UNetModules.path(place), dialect: .kohyaSGM) }
    return nil
  }

  /// A text encoder's layer.
  ///
  /// What the names are of tells the network before the prefix does: OneTrainer calls T5 the
  /// second text encoder where kohya calls it the third.
  private static func text(_ rest: String, _ part: ModelPart) -> ResolvedStem? {
    if part != .textEncoder3, let name = text[rest] {
      return ResolvedStem(path: .init(part: part, name: name), dialect: .kohya)
    }
    if let place = TextModels.t5.find(flat: rest) {
      return ResolvedStem(path: .init(part: .textEncoder3, name: TextModels.t5.name(place)), dialect: .kohya)
    }
    let model = rest.hasPrefix("model_") ? String(rest.dropFirst("model_".count)) : rest
    if let place = TextModels.language.find(flat: model) {
      return ResolvedStem(path: .init(part: .languageModel, name: TextModels.language.name(place)), dialect: .kohya)
    }
    return nil
  }

  /// The stem that kohya's loaders expect for a layer; nil where they know none.
  ///
  /// - Parameters:
  ///   - path: the layer.
  ///   - original: whether layers of the denoising network take the names of the model's own code, as for SDXL and all
  ///     transformers.
  ///   - architecture: the base model, which decides between `te` and `te1`.
  static func stem(of path: ModulePath, original wantsOriginal: Bool, architecture: Architecture) -> String? {
    let name = underscored(path.name)
    switch path.part {
    case .unet:
      guard UNetModules.contains(path.name) else { return nil }
      guard wantsOriginal else { return unetPrefix + name }
      return UNetModules.sgmName(of: path.name).map { unetPrefix + underscored($0) }
    case .transformer:
      guard wantsOriginal else { return unetPrefix + name }
      return LayerFamily.original(path.name, architecture).map { unetPrefix + underscored($0) }
    case .textEncoder1: return (architecture.hasSeveralTextEncoders ? "lora_te1_" : "lora_te_") + name
    case .textEncoder2: return "lora_te2_" + name
    case .textEncoder3: return "lora_te3_" + name
    case .languageModel: return "lora_te_" + name
    }
  }

  private static func underscored(_ name: String) -> String { LayerTable.flattened(name) }

  // Layers by their stem, as places in the table.
  private static let unet = Dictionary(
    uniqueKeysWithValues: UNetModules.all.enumerated().map { (underscored($0.element.diffusers), $0.offset) })
  private static let sgm: [String: Int] = {
    var table = Dictionary(
      uniqueKeysWithValues: UNetModules.all.enumerated().map { (underscored($0.element.sgm), $0.offset) })
    for names in UNetModules.alternativeSGM { table[underscored(names.sgm)] = UNetModules.order[names.diffusers] }
    return table
  }()
  private static let text = Dictionary(uniqueKeysWithValues: TextEncoderModules.all.map { (underscored($0), $0) })
}
