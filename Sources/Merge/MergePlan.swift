import Adapters
import SafeTensors

/// What will be written, decided from the headers alone.
struct MergePlan: Sendable {
  /// One layer of the result.
  struct Layer: Sendable {
    var path: ModulePath
    /// The sources that train it: position in the recipe and the layer there.
    var parts: [(source: Int, module: AdapterModule)]
    var keys: OutputKeys
    var outputs: Int
    var inputs: Int
    /// The rank of the exact sum.
    var fullRank: Int
    /// The rank of the result.
    var rank: Int
    /// The alpha of the result, as it is written or as loaders assume it.
    var alpha: Double
    var upShape: [Int]
    var downShape: [Int]
  }

  /// The layers, in the order in which their factors are written.
  var layers: [Layer]
  var dtype: DType
  var dialect: OutputDialect
  var architecture: Architecture
  /// What is left out, and why; empty unless the recipe allows it.
  var skipped: [String]

  var declarations: [TensorDeclaration] {
    layers.flatMap { layer in
      var tensors = [
        TensorDeclaration(name: layer.keys.down, dtype: dtype, shape: layer.downShape),
        TensorDeclaration(name: layer.keys.up, dtype: dtype, shape: layer.upShape),
      ]
      // Alpha in F32 whatever the factors are in: it is one number, and rounding it scales the whole layer.
      if let alpha = layer.keys.alpha { tensors.append(TensorDeclaration(name: alpha, dtype: .f32, shape: [])) }
      return tensors
    }
  }
}

extension MergePlan {
  /// Decides what a recipe writes.
  /// - Throws: ``MergeError`` when the sources do not fit each other or cannot be summed exactly.
  init(_ recipe: MergeRecipe) throws(MergeError) {
    let adapters = Adapter.aligned(recipe.sources.map(\.adapter))
    architecture = try Self.architecture(adapters)
    if case .layered(let method, _, _) = recipe.method, let problem = method.problem(sources: adapters.count) {
      throw MergeError(path: adapters.first?.file.path ?? "", rule: .parameter, detail: problem)
    }
    if recipe.needsCovariances, recipe.covariances == nil {
      throw MergeError(
        path: adapters.first?.file.path ?? "", rule: .parameter,
        detail: "\(recipe.method.name) needs the covariances of the LoRAs' inputs; give their file with --covariances")
    }
    skipped = try Self.unsupported(adapters, allowed: recipe.skipsUnsupported)
    dtype = recipe.dtype ?? Self.commonDType(adapters)
    let dialects = Set(adapters.map { OutputDialect($0.dialects[0]) })
    // Layers that some sources store as one and others keep apart can be named in diffusers' manner alone.
    let isSplit = adapters.contains { $0.modules.contains { $0.rows != nil } }
    dialect = recipe.dialect ?? (isSplit ? .diffusers : dialects.count == 1 ? dialects.first ?? .kohya : .kohya)
    var byPath: [ModulePath: [(source: Int, module: AdapterModule)]] = [:]
    for (index, adapter) in adapters.enumerated() {
      let source = recipe.sources[index]
      for module in adapter.factorable where module.outputs > 0 {
        // What is excluded takes no part; a LoRA of strength 0 has no vote in a method where LoRAs vote.
        let weight = recipe.isLayered ? source.strength(at: module.path) : source.weights.weight(of: module.path)
        guard weight != 0 else { continue }
        byPath[module.path, default: []].append((index, module))
      }
    }
    guard !byPath.isEmpty else {
      throw MergeError(
        path: adapters.first?.file.path ?? "", rule: .empty,
        detail: "none of the sources has a layer that can be merged")
    }
    layers = []
    for (path, parts) in byPath {
      layers.append(try Self.layer(path, parts, recipe: recipe, dialect: dialect, architecture: architecture))
    }
    // The writer's order within one dtype is by name; a layer's two factors stand together in it.
    layers.sort { $0.keys.down.utf8.lexicographicallyPrecedes($1.keys.down.utf8) }
  }

  private static func architecture(_ adapters: [Adapter]) throws(MergeError) -> Architecture {
    var known: (Architecture, String)?
    for adapter in adapters where adapter.architecture != .unknown {
      if let (architecture, path) = known, architecture != adapter.architecture {
        throw MergeError(
          path: adapter.file.path, rule: .architecture,
          detail:
            "is for \(adapter.architecture.label), but \(path) is for \(architecture.label); they change different models"
        )
      }
      known = (adapter.architecture, adapter.file.path)
    }
    return known?.0 ?? .unknown
  }

  private static func unsupported(_ adapters: [Adapter], allowed: Bool) throws(MergeError) -> [String] {
    var all: [String] = []
    for adapter in adapters {
      let reasons =
        adapter.modules.filter { !$0.hasFactors || $0.outputs == 0 }.map { "\($0.stem) (\($0.variant.label))" }
        + adapter.modules.filter { $0.hasFactors && ($0.tensors[.diffBias] ?? $0.tensors[.bias]) != nil }.map {
          "\($0.stem) (bias beside the factors)"
        }
        + adapter.embeddings.map { "\($0.token) (the vectors of a trigger word)" }
        + adapter.unmatched.map { "\($0.key) (\($0.reason))" }
      if let first = reasons.first, !allowed {
        throw MergeError(
          path: adapter.file.path, rule: .unsupported,
          detail:
            "holds \(reasons.count) things that cannot be summed exactly from the file alone, the first is \(first); \(adapter.needingBase.isEmpty ? "" : "give the base model with --base, or ")leave them out with --skip-unsupported"
        )
      }
      all += reasons.map { "\(adapter.name): \($0)" }
    }
    return all
  }

  private static func commonDType(_ adapters: [Adapter]) -> DType {
    let stored = Set(
      adapters.flatMap { adapter in
        adapter.factorable.flatMap { module in
          module.tensors.compactMap { role, tensor in role == .alpha ? nil : tensor.dtype }
        }
      })
    guard stored.count == 1, let only = stored.first, DType.writable.contains(only) else { return .f32 }
    return only
  }

  private static func layer(
    _ path: ModulePath, _ parts: [(source: Int, module: AdapterModule)], recipe: MergeRecipe, dialect: OutputDialect,
    architecture: Architecture
  ) throws(MergeError) -> Layer {
    let first = parts[0].module
    func name(_ source: Int) -> String { recipe.sources[source].adapter.file.path }
    for part in parts where part.module.outputs != first.outputs || part.module.inputs != first.inputs {
      throw MergeError(
        path: name(part.source), rule: .shape,
        detail:
          "\(path) is [\(part.module.outputs), \(part.module.inputs)], but [\(first.outputs), \(first.inputs)] in \(name(parts[0].source)); they are for different base models"
      )
    }
    guard let keys = dialect.keys(for: path, architecture: architecture) else {
      throw MergeError(
        path: name(parts[0].source), rule: .unnameable,
        detail: "the dialect \(dialect.rawValue) has no name for \(path); choose another with --to")
    }
    let kernel = Self.kernel(path, parts.map(\.module))
    let fullRank = parts.reduce(0) { $0 + $1.module.exactRank }
    let isWide = kernel.contains { $0 > 1 }
    let rank: Int
    let alpha: Double
    switch recipe.method {
    case .concat:
      rank = fullRank
      // The strongest source keeps its numbers bit for bit; the others are scaled relative to it.
      let strongest = parts.map { abs(Concat.weight($0, recipe)) }.max() ?? 0
      alpha = dialect.storesAlpha && strongest > 0 ? Double(Float(Double(rank) * strongest)) : Double(rank)
    case .svd(let wanted, let convolution):
      rank = min(isWide ? convolution : wanted, fullRank, first.outputs, first.inputs)
      alpha = Double(rank)
    case .layered(let method, let wanted, let convolution):
      let bound = method.rankBound(parts.map(\.module.exactRank))
      rank = min((isWide ? convolution ?? wanted : wanted) ?? bound, bound, first.outputs, first.inputs)
      alpha = Double(rank)
    }
    let channels = kernel.isEmpty ? first.inputs : first.inputs / kernel.reduce(1, *)
    return Layer(
      path: path, parts: parts, keys: keys, outputs: first.outputs, inputs: first.inputs, fullRank: fullRank,
      rank: rank,
      alpha: alpha, upShape: [first.outputs, rank] + kernel.map { _ in 1 }, downShape: [rank, channels] + kernel)
  }

  /// The kernel that the result is written with: that of any source that stores it, else what the layer's name tells.
  private static func kernel(_ path: ModulePath, _ modules: [AdapterModule]) -> [Int] {
    if let stored = modules.first(where: { !$0.kernel.isEmpty })?.kernel { return stored }
    if path.kernelWidth > 1, modules[0].inputs % (path.kernelWidth * path.kernelWidth) == 0 {
      return [path.kernelWidth, path.kernelWidth]
    }
    // A 1×1 convolution keeps its four dimensions if a source gave it them.
    return modules.contains { ($0.tensors[.down]?.shape.count ?? 2) == 4 } ? [1, 1] : []
  }
}
