import SafeTensors

/// The layers that the stems of one file name.
struct FileNaming {
  /// The transformers' family that the file's layers are of, where they are of one.
  private(set) var family: LayerFamily?
  /// The layers, by stem; stems of no known layer are absent.
  private(set) var resolved: [String: ResolvedStem] = [:]
  /// The stem and role of every key, in the file's order; nil where no adapter's key ends so.
  let keys: [(stem: String, role: TensorRole)?]

  /// - Parameters:
  ///   - file: the file.
  ///   - embedded: keys that belong to no layer.
  init(_ file: SafeTensorsFile, except embedded: Set<String>) {
    var unknown: [String] = []
    var seen: Set<String> = []
    var isUNet = false
    keys = file.header.tensors.map { embedded.contains($0.name) ? nil : Self.split($0.name, file) }
    for key in keys {
      guard let stem = key?.stem, seen.insert(stem).inserted else { continue }
      if let found = StemCache.resolve(stem) {
        resolved[stem] = found
        if found.path.part == .unet { isUNet = true }
      } else {
        unknown.append(stem)
      }
    }
    guard !isUNet, !unknown.isEmpty, let family = LayerFamily.recognised(unknown, file) else { return }
    self.family = family
    for stem in unknown { resolved[stem] = StemResolution.resolve(stem, family: family) }
  }

  /// A key's stem and role.
  ///
  /// LyCORIS' (IA)³ calls its numbers plainly `weight`, as base models call theirs; `on_input` beside it tells.
  private static func split(_ key: String, _ file: SafeTensorsFile) -> (stem: String, role: TensorRole)? {
    if let found = TensorRole.split(key) { return found }
    guard key.hasSuffix(".weight") else { return nil }
    let stem = String(key.dropLast(".weight".count))
    return file["\(stem).on_input"] == nil ? nil : (stem, .ia3Weight)
  }
}
