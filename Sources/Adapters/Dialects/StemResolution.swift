/// A layer found behind a file's stem.
struct ResolvedStem: Hashable {
  var path: ModulePath
  var dialect: Dialect
}

/// Looks a stem up in every dialect's table.
enum StemResolution {
  /// The layer that a stem names; nil when no dialect knows it.
  static func resolve(_ stem: String) -> ResolvedStem? {
    stem.hasPrefix("lora_") || stem.hasPrefix("oft_unet_") ? KohyaNames.resolve(stem) : DottedNames.resolve(stem)
  }
}
