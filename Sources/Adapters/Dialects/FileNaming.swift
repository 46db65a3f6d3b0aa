import SafeTensors

/// The layers that the keys of one file name.
struct FileNaming {
  /// What a key is: its stem, by its place among ``stems``, and its role.
  struct Key {
    var stem: Int
    var role: TensorRole
  }

  /// The transformers' family that the file's layers are of, where they are of one.
  private(set) var family: LayerFamily?
  /// What the keys of each layer have in common, in the file's order.
  private(set) var stems: [String] = []
  /// The layer of each stem; nil where no dialect knows it.
  private(set) var resolved: [ResolvedStem?] = []
  /// Every key, in the file's order; nil where no adapter's key ends so, and for keys that belong to no layer.
  private(set) var keys: [Key?] = []
  /// Numbered layers, where the file has them.
  let positional: PositionalLayers

  /// - Parameters:
  ///   - file: the file.
  ///   - embedded: keys that belong to no layer.
  /// - Throws: ``AdapterError`` when numbered layers are not those of a known model.
  init(_ file: SafeTensorsFile, except embedded: Set<String>) throws(AdapterError) {
    positional = try PositionalLayers(file)
    var places: [String: Int] = [:]
    var unknown: [Int] = []
    keys.reserveCapacity(file.header.tensors.count)
    for tensor in file.header.tensors {
      let numbered = PositionalLayers.key(tensor.name)
      guard !embedded.contains(tensor.name),
        let (stem, role) = numbered.map({ ("\($0.network):\($0.number)", $0.role) }) ?? Self.split(tensor.name, file)
      else {
        keys.append(nil)
        continue
      }
      // Keys of a layer mostly stand together, so that few stems are looked up.
      let place = stems.last == stem ? stems.count - 1 : places[stem] ?? stems.count
      keys.append(Key(stem: place, role: role))
      guard place == stems.count else { continue }
      stems.append(stem)
      places[stem] = place
      resolved.append(numbered.map { positional.stem(of: $0) } ?? StemCache.resolve(stem))
      if resolved[place] == nil, numbered == nil { unknown.append(place) }
    }
    guard !unknown.isEmpty, !resolved.contains(where: { $0?.path.part == .unet }),
      let family = LayerFamily.recognised(unknown.map { stems[$0] }, file)
    else { return }
    self.family = family
    for place in unknown { resolved[place] = StemResolution.resolve(stems[place], family: family) }
  }

  /// Why the layer of a key is not known.
  func reason(_ key: String) -> String {
    guard let numbered = PositionalLayers.key(key) else { return "no known layer of this name" }
    return positional.problems[numbered.network] ?? "a number beyond the model's layers (cloneofsimo)"
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
