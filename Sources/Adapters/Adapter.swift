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
  public let unmatched: [UnmatchedKey]
  /// The dialects met, most used first; never empty.
  public let dialects: [Dialect]
  /// The base model the file is for.
  public internal(set) var architecture: Architecture
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
  public init(file: SafeTensorsFile) throws(AdapterError) {
    guard Self.isAdapter(file) else {
      throw AdapterError(
        path: file.path, rule: .notAdapter,
        detail: "holds no LoRA of any kind this version knows (\(file.header.tensors.count) tensors)")
    }
    var unmatched: [UnmatchedKey] = []
    let embedded = BundledEmbedding.all(in: file)
    let groups = try Self.groups(file, except: embedded.keys, unmatched: &unmatched)
    let declared = try DeclaredScales(file: file)
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
    embeddings = embedded.embeddings
    peftSettings = try PEFTSettings(file: file)
    self.modules = modules.sorted { $0.path < $1.path }
    let order = Dictionary(
      file.header.tensors.enumerated().map { ($0.element.name, $0.offset) }, uniquingKeysWith: { first, _ in first })
    self.unmatched = unmatched.sorted { (order[$0.key] ?? 0) < (order[$1.key] ?? 0) }
    dialects = Self.dialects(modules, file: file)
    architecture =
      modules.isEmpty
      ? Architecture.recognised(keys: file.header.tensors.lazy.map(\.name))
        ?? Architecture.named(in: file.header.metadata) ?? .unknown
      : Architecture.recognised(modules: modules, metadata: file.header.metadata)
    configurationProblem = declared.problem ?? peftSettings.problem
  }

  /// Whether any key ends like an adapter's.
  static func isAdapter(_ file: SafeTensorsFile) -> Bool {
    file.header.tensors.contains { tensor in
      if PositionalLayers.key(tensor.name) != nil { return true }
      guard let (_, role) = TensorRole.split(tensor.name) else { return false }
      return role != .alpha && role != .rescale
    }
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

  private static func groups(
    _ file: SafeTensorsFile, except embedded: Set<String>, unmatched: inout [UnmatchedKey]
  ) throws(AdapterError) -> [StemGroup] {
    var groups: [StemGroup] = []
    var places: [String: Int?] = [:]  // nil: a stem no dialect knows
    let positional = try PositionalLayers(file)
    for tensor in file.header.tensors where !embedded.contains(tensor.name) {
      let numbered = PositionalLayers.key(tensor.name)
      if let numbered, positional.stem(of: numbered) == nil {
        unmatched.append(
          .init(
            key: tensor.name,
            reason: positional.problems[numbered.network] ?? "a number beyond the model's layers (cloneofsimo)"))
        continue
      }
      guard
        let (stem, role) = numbered.map({ ("\($0.network):\($0.number)", $0.role) }) ?? split(tensor.name, file)
      else {
        unmatched.append(.init(key: tensor.name, reason: "no adapter's key ends like this"))
        continue
      }
      let place: Int?
      if let known = places[stem] {
        place = known
      } else {
        let resolved = numbered.flatMap(positional.stem) ?? StemResolution.resolve(stem)
        place = resolved.map { _ in groups.count }
        if let resolved { groups.append(StemGroup(resolved: resolved, stem: stem)) }
        places[stem] = .some(place)
      }
      guard let place else {
        unmatched.append(.init(key: tensor.name, reason: "no known layer of this name"))
        continue
      }
      groups[place].tensors[role] = tensor
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
      let weight = module.path.part == .unet ? 1000 : 1
      counts[letters ? .diffusersPEFT : module.dialect, default: 0] += weight
    }
    if counts[.kohyaSGM] != nil, let text = counts[.kohya], text < 1000 { counts[.kohya] = nil }
    return counts.sorted { ($0.value, $1.key.rawValue) > ($1.value, $0.key.rawValue) }.map(\.key)
  }
}
