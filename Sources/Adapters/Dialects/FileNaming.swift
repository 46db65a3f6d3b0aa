import SafeTensors

/// The layers that the stems of one file name.
struct FileNaming {
  /// The transformers' family that the file's layers are of, where they are of one.
  private(set) var family: LayerFamily?
  /// The layers, by stem; stems of no known layer are absent.
  private(set) var resolved: [String: ResolvedStem] = [:]

  init(_ file: SafeTensorsFile) {
    var unknown: [String] = []
    var seen: Set<String> = []
    var isUNet = false
    for tensor in file.header.tensors {
      guard let (stem, _) = TensorRole.split(tensor.name), seen.insert(stem).inserted else { continue }
      if let found = StemResolution.resolve(stem) {
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
