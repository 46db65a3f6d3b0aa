/// A layer found behind a file's stem.
struct ResolvedStem: Hashable {
  var path: ModulePath
  var dialect: Dialect
  /// Whether a prefix stands twice, as some converters write it.
  var isDoubled = false
}

/// Looks a stem up in every dialect's table.
enum StemResolution {
  /// The layer that a stem names; nil when no dialect knows it.
  ///
  /// - Parameters:
  ///   - stem: what the keys of a layer have in common.
  ///   - family: the transformers' family that the file's layers are of, where they are of one.
  static func resolve(_ stem: String, family: LayerFamily? = nil) -> ResolvedStem? {
    if let family, let found = TransformerSpelling(stem)?.resolved(family) { return found }
    if stem.hasPrefix("lora_") || stem.hasPrefix("oft_unet_") { return KohyaNames.resolve(stem) }
    if stem.hasPrefix(LycorisNames.prefix) { return LycorisNames.resolve(stem) }
    return DottedNames.resolve(stem) ?? ComfyNames.resolve(stem)
  }
}
