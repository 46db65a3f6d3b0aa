/// A stem without the prefixes that say which network it is of, where that may be a transformer.
struct TransformerSpelling: Sendable {
  /// What is left: a path.
  var rest: Substring
  /// Whether the path's dots have become underscores.
  var isFlat: Bool
  /// The dialect that the prefixes are of; nil where there are none, and the path's naming decides.
  var dialect: Dialect?
  /// Whether a prefix stands twice, which some converters do.
  var isDoubled = false

  /// Whether nothing stood before the path.
  var isBare: Bool { !isFlat && dialect == nil }

  private static let flatPrefixes: [(prefix: String, dialect: Dialect)] = [
    // Longest first: Wan-Fun and some of Z-Image are written with two underscores.
    ("lora_unet__", .kohyaOriginal), ("lora_unet_", .kohyaOriginal), ("lora_transformer_", .oneTrainer),
    ("lycoris_", .lycoris),
  ]
  private static let dottedPrefixes: [(prefix: String, dialect: Dialect)] = [
    ("base_model.model.", .peft), ("model.diffusion_model.", .comfy), ("diffusion_model.", .comfy),
    ("transformer.", .diffusers), ("unet.", .diffusers),
  ]

  init?(_ stem: String) {
    for (prefix, dialect) in Self.flatPrefixes where stem.hasPrefix(prefix) {
      (rest, isFlat, self.dialect) = (stem.dropFirst(prefix.count), true, dialect)
      while let again = KohyaNames.doubledUNet.first(where: rest.hasPrefix) {
        rest = rest.dropFirst(again.count)
        isDoubled = true
      }
      return
    }
    guard !stem.hasPrefix("lora_"), !stem.isEmpty else { return nil }
    (rest, isFlat) = (stem[...], false)
    var seen: Set<String> = []
    while let (prefix, dialect) = Self.dottedPrefixes.first(where: { rest.hasPrefix($0.prefix) }) {
      rest = rest.dropFirst(prefix.count)
      // Of two prefixes PEFT's tells the dialect: it stands on either side of the network's name.
      if self.dialect == nil || dialect == .peft { self.dialect = dialect }
      if !seen.insert(prefix).inserted { isDoubled = true }
    }
  }

  /// The layer in a network's table.
  func find(in table: LayerTable) -> LayerTable.Place? {
    isFlat ? table.find(flat: rest) : table.find(dotted: rest) ?? table.find(dotted: XLabsNames.rewritten(rest))
  }

  /// The layer of a family's transformer.
  func resolved(_ family: LayerFamily) -> ResolvedStem? {
    guard let place = find(in: family.table) else { return nil }
    let name = family.table.name(place)
    let own: Dialect
    switch dialect {
    case nil where XLabsNames.isXLabs(rest): own = .xlabs
    case nil: own = place.naming == .original && family.table.original(place) != name ? .original : .diffusers
    // kohya's prefix before diffusers' names, where these are not the model's own.
    case .kohyaOriginal where place.naming == .diffusers: own = .kohya
    case .some(let dialect): own = XLabsNames.isXLabs(rest) ? .xlabs : dialect
    }
    return ResolvedStem(path: .init(part: .transformer, name: name), dialect: own, isDoubled: isDoubled)
  }
}
