import SafeTensors

/// cloneofsimo's files, which number their layers: `unet:14:up`, `text_encoder:3:down`.
///
/// The number counts the layers in the order in which its `_find_modules` meets them: every module of a class named in the
/// metadata (`unet` → `["CrossAttention", "Attention", "GEGLU"]`), in the order of `model.modules()`, and in each of them
/// every linear layer (convolutions too where residual blocks are among the classes). That order is diffusers' own, in
/// which modules are created: down blocks, up blocks, then the middle; a block's attentions before its residual blocks;
/// and in a transformer block of its time self-attention, feed-forward, cross-attention. Later versions create the
/// feed-forward last; the shapes tell the two apart. There is no alpha, and the scale is 1.
struct PositionalLayers {
  /// What a numbered key is.
  struct Key {
    var network: String
    var number: Int
    var role: TensorRole
  }

  /// One network's layer by its number.
  private(set) var layers: [String: [Layer]] = [:]
  /// Why keys of a network cannot be placed.
  private(set) var problems: [String: String] = [:]

  /// Reads a file's keys.
  /// - Throws: ``AdapterError`` with rule `positions` when a network's classes, the number of its layers or a shape are not
  ///   those of Stable Diffusion 1 or 2.
  init(_ file: SafeTensorsFile) throws(AdapterError) {
    var tensors: [String: [Int: [TensorRole: TensorInfo]]] = [:]
    for tensor in file.header.tensors {
      guard let key = Self.key(tensor.name) else { continue }
      tensors[key.network, default: [:]][key.number, default: [:]][key.role] = tensor
    }
    for (network, numbered) in tensors {
      guard let part = Self.parts[network] else {
        problems[network] = "numbered layers (cloneofsimo) of a network that is not known"
        continue
      }
      let stated = file.header.metadata[network].flatMap { try? JSONParser.parse($0) }
      if case .array(let names)? = stated {
        layers[network] = try Self.placed(
          numbered, part, classes: Set(names.compactMap(\.string)), network: network, path: file.path)
      } else if let found = try? Self.placed(
        numbered, part, classes: Self.usual(part), network: network, path: file.path)
      {
        layers[network] = found
      } else {
        problems[network] =
          "numbered layers (cloneofsimo) without the list of classes in the metadata that tells which they are"
      }
    }
  }

  /// cloneofsimo's `unet:14:up`.
  static func key(_ name: String) -> Key? {
    // Asked for every key of every file: the names of both networks begin with letters that few others do.
    guard let first = name.utf8.first, first == UInt8(ascii: "u") || first == UInt8(ascii: "t"),
      name.utf8.contains(UInt8(ascii: ":"))
    else { return nil }
    let pieces = name.split(separator: ":", omittingEmptySubsequences: false)
    guard pieces.count == 3, let number = Int(pieces[1]), number >= 0, pieces[2] == "up" || pieces[2] == "down" else {
      return nil
    }
    return Key(network: String(pieces[0]), number: number, role: pieces[2] == "up" ? .up : .down)
  }

  /// The layer of a key; nil for one that cannot be placed.
  func stem(of key: Key) -> ResolvedStem? {
    guard let own = layers[key.network], own.indices.contains(key.number) else { return nil }
    return ResolvedStem(path: own[key.number].path, dialect: .cloneofsimo)
  }

  private static let parts: [String: ModelPart] = ["unet": .unet, "text_encoder": .textEncoder1]

  private static func usual(_ part: ModelPart) -> Set<String> {
    part == .unet ? ["CrossAttention", "Attention", "GEGLU"] : ["CLIPAttention"]
  }

  private static func placed(
    _ numbered: [Int: [TensorRole: TensorInfo]], _ part: ModelPart, classes: Set<String>, network: String, path: String
  ) throws(AdapterError) -> [Layer] {
    func failure(_ key: String, _ detail: String) -> AdapterError {
      AdapterError(path: path, rule: .positions, key: key, detail: detail)
    }
    if let unknown = classes.subtracting(PositionalModel.classes(part)).sorted().first {
      throw failure(
        network,
        "trains the layers in every “\(unknown)”, and it is not known in which order they come; "
          + "known are \(PositionalModel.classes(part).sorted().joined(separator: ", "))")
    }
    var first: AdapterError?
    for model in PositionalModel.candidates(part, classes: classes) {
      if let error = check(model) { first = first ?? error } else { return model }
    }
    throw first ?? failure(network, "names no class of layers, so its numbers mean nothing")

    func check(_ model: [Layer]) -> AdapterError? {
      if let last = numbered.keys.max(), last >= model.count || numbered.count != model.count {
        return failure(
          network,
          "numbers \(numbered.count) layers up to \(last), but \(classes.sorted().joined(separator: ", ")) of "
            + "Stable Diffusion have \(model.count)")
      }
      for (number, layer) in model.enumerated() {
        guard let up = numbered[number]?[.up], let down = numbered[number]?[.down] else {
          return failure("\(network):\(number)", "has no \(numbered[number]?[.up] == nil ? "up" : "down")")
        }
        let found = [up.shape.first ?? 0] + down.shape.dropFirst()
        let expected = [layer.outputs, layer.channels] + layer.kernel
        if found != expected {
          return failure(
            "\(network):\(number)",
            "is \(found), but the layer of this number, \(layer.path.name), is \(expected) in "
              + "Stable Diffusion; the file is for another model or another order of layers")
        }
      }
      return nil
    }
  }

  /// A layer with the shape that it has in the base model.
  struct Layer {
    var path: ModulePath
    var outputs: Int
    var channels: Int
    var kernel: [Int] = []
  }
}
