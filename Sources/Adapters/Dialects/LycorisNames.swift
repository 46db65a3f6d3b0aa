/// Stems of LyCORIS' own wrapper, which SimpleTuner uses: a prefix, then diffusers' path with underscores.
///
/// The prefix does not tell the network. Those of transformers are read by ``TransformerSpelling``.
enum LycorisNames {
  static let prefix = "lycoris_"

  static func resolve(_ stem: String) -> ResolvedStem? {
    guard stem.hasPrefix(prefix) else { return nil }
    let rest = stem.dropFirst(prefix.count)
    let found = KohyaNames.resolve("lora_unet_" + rest) ?? KohyaNames.resolve("lora_te_" + rest)
    return found.map { ResolvedStem(path: $0.path, dialect: .lycoris) }
  }

  static func stem(of path: ModulePath) -> String { prefix + LayerTable.flattened(path.name) }
}
