public import SafeTensors

/// A LoRA file understood: its layers in one identity, and what could not be placed.
public struct Adapter: Sendable {
  /// A key that belongs to no known layer, and why.
  public struct UnmatchedKey: Sendable, Hashable {
    /// The key in the file.
    public let key: String
    /// Why it is not used.
    public let reason: String
  }

  /// The open file.
  public let file: SafeTensorsFile
  /// The layers, in the order of ``ModulePath``.
  public internal(set) var modules: [AdapterModule]
  /// The trigger words whose vectors the file brings along, in its order.
  public let embeddings: [BundledEmbedding]
  /// The keys that belong to no layer, in the file's order.
  public internal(set) var unmatched: [UnmatchedKey]
  /// The dialects met, most used first; never empty.
  public let dialects: [Dialect]
  /// The base model the file is for.
  public internal(set) var architecture: Architecture
  /// The stems whose prefix stands twice, as some converters write it.
  public let doubledStems: [String]
  /// The transformers' family that the layers are of; nil for Stable Diffusion's UNet and unknown models.
  let family: LayerFamily?
  /// What is odd about the adapter's own configuration; nil when nothing is.
  public let configurationProblem: String?
  /// What PEFT's configuration says of rotations.
  let peftSettings: PEFTSettings

  /// The layers whose ΔW is known exactly: from the file alone, or over the base model that was given.
  public var factorable: [AdapterModule] { modules.filter(\.hasFactors) }
  /// The layers that need the base model's weights, where it was not given.
  public var needingBase: [AdapterModule] { modules.filter(\.needsBase) }

  /// The file's name without folder and ending.
  public var name: String {
    let last = file.path.split(separator: "/").last.map(String.init) ?? file.path
    for ending in [".safetensors.zst", ".safetensors"] where last.hasSuffix(ending) {
      return String(last.dropLast(ending.count))
    }
    return last
  }
}

extension Adapter {
  /// Opens and understands a file.
  /// - Throws: ``SafeTensorsError`` for the container, ``AdapterError`` for what it holds. A sound file without
  ///   any adapter is ``AdapterError/Rule/notAdapter``.
  public init(path: String) throws {
    try self.init(file: SafeTensorsFile(path: path))
  }

  /// Understands an open file.
  public init(file: SafeTensorsFile) throws(AdapterError) { try self.init(file: file, readsSidecar: true) }

  /// Understands an open file.
  /// - Parameter readsSidecar: whether alphas may come from `adapter_config.json` beside the file. Whoever only looks
  ///   at a file reads it without a configuration that is damaged.
  init(file: SafeTensorsFile, readsSidecar: Bool) throws(AdapterError) {
    guard Self.isAdapter(file) else {
      throw AdapterError(
        path: file.path, rule: .notAdapter,
        detail: "holds no LoRA of any kind this version knows (\(file.header.tensors.count) tensors)")
    }
    var unmatched: [UnmatchedKey] = []
    let embedded = BundledEmbedding.all(in: file)
    let naming = try FileNaming(file, except: embedded.keys)
    let groups = Self.groups(file, naming, except: embedded.keys, unmatched: &unmatched)
    let declared = try DeclaredScales(file: file, readsSidecar: readsSidecar)
    var modules: [AdapterModule] = []
    var places: [ModulePath: String] = [:]
    for group in groups {
      guard let module = try AdapterModule.read(group, in: file, declared: declared) else {
        unmatched += group.tensors.values.map {
          UnmatchedKey(
            key: $0.name,
            reason:
              "its counterpart is missing (\(Variant.missing(beside: Set(group.tensors.keys)))), so the layer is incomplete"
          )
        }
        continue
      }
      if let other = places.updateValue(group.stem, forKey: module.path) {
        throw AdapterError(
          path: file.path, rule: .twice, key: group.stem,
          detail: "names the same layer as \"\(other)\" (\(module.path)); remove one of the two")
      }
      modules.append(module)
    }
    self.file = file
    family = naming.family
    doubledStems = groups.filter(\.resolved.isDoubled).map(\.stem)
    embeddings = embedded.embeddings
    peftSettings = try PEFTSettings(file: file, readsSidecar: readsSidecar)
    // By number: a module is large, and sorting moves what it sorts many times.
    let order = modules.indices.sorted { modules[$0].path < modules[$1].path }
    self.modules = order.map { modules[$0] }
    self.unmatched = Self.inOrder(unmatched, of: file)
    dialects = Self.dialects(modules, file: file)
    architecture =
      naming.family?.architecture
      ?? (modules.isEmpty
        ? Architecture.recognised(keys: file.header.tensors.lazy.map(\.name))
          ?? Architecture.named(in: file.header.metadata) ?? .unknown
        : Architecture.recognised(modules: modules, metadata: file.header.metadata))
    configurationProblem = declared.problem ?? peftSettings.problem
  }

  /// Keys in the file's order; most files have none that are not used.
  private static func inOrder(_ unmatched: [UnmatchedKey], of file: SafeTensorsFile) -> [UnmatchedKey] {
    guard unmatched.count > 1 else { return unmatched }
    let order = Dictionary(
      file.header.tensors.enumerated().map { ($0.element.name, $0.offset) }, uniquingKeysWith: { first, _ in first })
    return unmatched.sorted { (order[$0.key] ?? 0) < (order[$1.key] ?? 0) }
  }

  /// Whether any key ends like an adapter's.
  static func isAdapter(_ file: SafeTensorsFile) -> Bool {
    file.header.tensors.contains { tensor in
      if PositionalLayers.key(tensor.name) != nil { return true }
      guard let (_, role) = TensorRole.split(tensor.name) else { return false }
      return role != .alpha && role != .rescale
    }
  }

  private static func groups(
    _ file: SafeTensorsFile, _ naming: FileNaming, except embedded: Set<String>, unmatched: inout [UnmatchedKey]
  ) -> [StemGroup] {
    var groups: [StemGroup] = []
    var places: [Int?] = Array(repeating: nil, count: naming.stems.count)
    for (tensor, key) in zip(file.header.tensors, naming.keys) where !embedded.contains(tensor.name) {
      guard let key else {
        unmatched.append(.init(key: tensor.name, reason: "no adapter's key ends like this"))
        continue
      }
      guard let resolved = naming.resolved[key.stem] else {
        unmatched.append(.init(key: tensor.name, reason: naming.reason(tensor.name)))
        continue
      }
      let place = places[key.stem] ?? groups.count
      if place == groups.count {
        groups.append(StemGroup(resolved: resolved, stem: naming.stems[key.stem]))
        places[key.stem] = place
      }
      groups[place].tensors[key.role] = tensor
    }
    return groups
  }

  private static func dialects(_ modules: [AdapterModule], file: SafeTensorsFile) -> [Dialect] {
    guard !modules.isEmpty else {
      return [file.header.tensors.contains { PositionalLayers.key($0.name) != nil } ? .cloneofsimo : .unknown]
    }
    var counts: [Dialect: Int] = [:]
    for module in modules {
      // diffusers' own two spellings differ in the role's letters only.
      let letters = module.dialect == .diffusers && !(module.tensors[.up]?.name.hasSuffix("up.weight") ?? true)
      // kohya names text encoders alike in both UNet dialects; let the UNet decide.
      let weight = module.path.part.isDenoiser ? 1000 : 1
      counts[letters ? .diffusersPEFT : module.dialect, default: 0] += weight
    }
    let flat: [Dialect] = [.kohyaSGM, .kohyaOriginal, .oneTrainer, .lycoris]
    if flat.contains(where: { counts[$0] != nil }), let text = counts[.kohya], text < 1000 { counts[.kohya] = nil }
    return counts.sorted { ($0.value, $1.key.rawValue) > ($1.value, $0.key.rawValue) }.map(\.key)
  }
}
