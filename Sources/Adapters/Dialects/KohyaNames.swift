/// kohya's stems: a prefix for the network, then the layer's path with underscores for dots.
///
/// Underscores also stand inside names, so the path cannot be recovered by rule; it is looked up.
enum KohyaNames {
  private static let unetPrefix = "lora_unet_"
  private static let textPrefixes: [(prefix: String, part: ModelPart)] = [
    ("lora_te1_", .textEncoder1), ("lora_te2_", .textEncoder2), ("lora_te_", .textEncoder1),
  ]

  static func resolve(_ stem: String) -> ResolvedStem? {
    // sd-scripts' OFT names its layers like its LoRAs behind another prefix.
    if stem.hasPrefix("oft_unet_") { return resolve("lora_" + stem.dropFirst("oft_".count)) }
    if stem.hasPrefix(unetPrefix) {
      let rest = String(stem.dropFirst(unetPrefix.count))
      // The likelier table first: each is built when it is first asked.
      let original = ["input_blocks", "middle_block", "output_blocks"].contains { rest.hasPrefix($0) }
      if original, let place = sgm[rest] { return ResolvedStem(path: UNetModules.path(place), dialect: .kohyaSGM) }
      if let place = unet[rest] { return ResolvedStem(path: UNetModules.path(place), dialect: .kohya) }
      if let place = sgm[rest] { return ResolvedStem(path: UNetModules.path(place), dialect: .kohyaSGM) }
      return nil
    }
    for (prefix, part) in textPrefixes where stem.hasPrefix(prefix) {
      guard let name = text[String(stem.dropFirst(prefix.count))] else { return nil }
      return ResolvedStem(path: .init(part: part, name: name), dialect: .kohya)
    }
    return nil
  }

  /// The stem that kohya's loaders expect for a layer.
  ///
  /// - Parameters:
  ///   - path: the layer.
  ///   - sgm: whether UNet layers take their original names, as for SDXL.
  ///   - twoTextEncoders: whether the model has two, so that the first is `te1` and not `te`.
  static func stem(of path: ModulePath, sgm wantsSGM: Bool, twoTextEncoders: Bool) -> String? {
    switch path.part {
    case .unet:
      guard UNetModules.contains(path.name) else { return nil }
      guard wantsSGM else { return unetPrefix + underscored(path.name) }
      return sgmNames[path.name].map { unetPrefix + underscored($0) }
    case .textEncoder1: return (twoTextEncoders ? "lora_te1_" : "lora_te_") + underscored(path.name)
    case .textEncoder2: return "lora_te2_" + underscored(path.name)
    }
  }

  private static func underscored(_ name: String) -> String {
    String(decoding: name.utf8.map { $0 == UInt8(ascii: ".") ? UInt8(ascii: "_") : $0 }, as: UTF8.self)
  }

  // Layers by their stem, as places in the table.
  private static let unet = Dictionary(
    uniqueKeysWithValues: UNetModules.all.enumerated().map { (underscored($0.element.diffusers), $0.offset) })
  private static let sgm: [String: Int] = {
    var table = Dictionary(
      uniqueKeysWithValues: UNetModules.all.enumerated().map { (underscored($0.element.sgm), $0.offset) })
    for names in UNetModules.alternativeSGM { table[underscored(names.sgm)] = UNetModules.order[names.diffusers] }
    return table
  }()
  private static let sgmNames = Dictionary(uniqueKeysWithValues: UNetModules.all.map { ($0.diffusers, $0.sgm) })
  private static let text = Dictionary(uniqueKeysWithValues: TextEncoderModules.all.map { (underscored($0), $0) })
}
