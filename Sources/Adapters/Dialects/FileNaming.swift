import SafeTensors

/// The layers that the stems of one file name.
struct FileNaming {
  /// The transformers' family that the file's layers are of, where they are of one.
  private(set) var family: LayerFamily?
  /// The layers, by stem; stems of no known layer are absent.
  private(set) var resolved: [String: ResolvedStem] = [:]
  /// The stem and role of every key, in the file's order; nil where no adapter's key ends so.
  let keys: [(stem: String, role: TensorRole)?]

  init(_ file: SafeTensorsFile) {
    var unknown: [String] = []
    var seen: Set<String> = []
    var isUNet = false
    keys = file.header.tensors.map { TensorRole.split($0.name) }
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
}
