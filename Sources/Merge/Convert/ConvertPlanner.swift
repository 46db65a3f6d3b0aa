import Adapters
import SafeTensors

/// Builds a plan layer by layer.
struct ConvertPlanner {
  let recipe: ConvertRecipe
  var plan = ConvertPlan()
  private var reasons: [String] = []

  private var adapter: Adapter { recipe.adapter }
  private var path: String { adapter.file.path }
  /// Whether the result names layers as the model's own code does, which stores some as one.
  private var wantsWhole: Bool { recipe.dialect == .kohya || recipe.dialect == .comfy }

  /// - Throws: ``MergeError`` naming the layers that the dialect cannot hold, unless these may be left out;
  ///   `SafeTensorsError`.
  static func plan(_ recipe: ConvertRecipe) throws -> ConvertPlan {
    var planner = ConvertPlanner(recipe: recipe)
    try planner.run()
    return planner.plan
  }

  private mutating func run() throws {
    var parts: [ModulePath: [AdapterModule]] = [:]
    var wholes: [ModulePath: WholeLayer] = [:]
    func collect(_ module: AdapterModule, _ whole: WholeLayer) {
      parts[whole.path, default: []].append(module)
      wholes[whole.path] = whole
    }
    for module in adapter.modules {
      let split = adapter.parts(of: module)
      if let split, !wantsWhole {
        try self.split(module, into: split)
      } else if wantsWhole, !adapter.hasOriginalName(module.path) {
        // XLabs keeps query, key and value as one where the model has the feed-forward part with them.
        for part in split ?? [module] {
          if let whole = adapter.whole(of: part.path) {
            collect(part, whole)
          } else {
            refuse(module, "has no name in this dialect")
          }
        }
      } else {
        try self.add(module)
      }
    }
    for (path, modules) in parts.sorted(by: { $0.key < $1.key }) {
      if let whole = wholes[path] { try join(modules, into: whole) }
    }
    try addEmbeddings()
    reasons += adapter.unmatched.map { "\($0.key) (\($0.reason))" }
    if let first = reasons.first, !recipe.skipsUnsupported {
      throw MergeError(
        path: self.path, rule: .unsupported,
        detail:
          "holds \(reasons.count) things that \(recipe.dialect.rawValue) cannot hold, the first is \(first); leave them out with --skip-unsupported, or write variants as plain LoRA with --as-lora"
      )
    }
    plan.skipped = reasons
    guard !plan.declarations.isEmpty else {
      throw MergeError(path: self.path, rule: .empty, detail: "has no layer that \(recipe.dialect.rawValue) can hold")
    }
  }

  /// Learned tokens belong to no layer: bundled ones keep their names, cloneofsimo's get those of A1111's bundles.
  private mutating func addEmbeddings() throws {
    for embedding in adapter.embeddings {
      for vectors in embedding.vectors {
        let tensor = vectors.tensor
        guard recipe.dialect.storesAlpha else {
          reasons.append("\(tensor.name) (a bundled embedding)")
          continue
        }
        let isBundled = tensor.name.hasPrefix("bundle_emb.")
        try plan.add(
          isBundled ? tensor.name : "bundle_emb.\(embedding.token).string_to_param.*", tensor.dtype,
          isBundled ? tensor.shape : [vectors.count, vectors.width], .stored(tensor), path: path)
      }
    }
  }

  private mutating func refuse(_ module: AdapterModule, _ why: String) {
    reasons.append("\(module.stem) (\(module.variant.label): \(why))")
    plan.leftOut.insert(module.stem)
  }

  // MARK: - Layers as they are

  private mutating func add(_ module: AdapterModule) throws {
    guard let stem = recipe.stem(for: module.path) else {
      return refuse(module, "has no name in this dialect")
    }
    let pairRoles: Set<TensorRole> = [.up, .down, .alpha]
    if module.isPair, module.rank > 0, Set(module.tensors.keys).isSubset(of: pairRoles) {
      return try add(ConvertedPair(module), stem, stored: module)
    }
    if let why = obstacle(module) {
      guard recipe.factorsOthers, module.hasFactors, module.outputs > 0, module.tensors[.diffBias] == nil else {
        return refuse(module, why)
      }
      return try addFactored(module, stem)
    }
    try addRenamed(module, stem)
  }

  /// Why the dialect cannot hold a layer as it is; nil where it can.
  private func obstacle(_ module: AdapterModule) -> String? {
    guard recipe.dialect == .diffusers || recipe.dialect == .peft else {
      // PEFT multiplies the bias beside lora_B by the scale, others add theirs as it is.
      let isScaled = module.tensors[.bias] != nil && module.scale != 1 && !recipe.dialect.usesLetters
      return isScaled ? "its bias is multiplied by alpha / rank, which this dialect does not do" : nil
    }
    guard module.variant == .dora, module.tensors[.up] != nil, module.tensors[.mid] == nil else {
      return "it holds LoRA and DoRA alone"
    }
    guard module.hasMagnitudesOfOutputs else { return "its magnitudes are of inputs, PEFT's of outputs" }
    return module.scale == 1 || recipe.alphaPlace != .factors
      ? nil : "the alpha of a DoRA goes into metadata or config alone"
  }

  /// All tensors of a layer under the dialect's names.
  private mutating func addRenamed(_ module: AdapterModule, _ stem: String) throws {
    plan.layers += 1
    let letters = recipe.dialect == .diffusers || recipe.dialect == .peft
    for (role, tensor) in module.tensors.sorted(by: { $0.key.name < $1.key.name }) {
      // Alphas of a dialect without them stand in its configuration.
      if role == .alpha, letters { continue }
      let shape = role == .doraScale ? magnitudeShape(module, tensor, letters: letters) : tensor.shape
      let isFloat = role != .alpha && DType.writable.contains(tensor.dtype)
      let dtype = isFloat ? recipe.dtype ?? tensor.dtype : tensor.dtype
      if dtype != tensor.dtype { plan.rounded.insert(module.path) }
      // Roles that are called alike everywhere keep the ending they have: some have a further `.weight`, some none.
      let isRenamed = [.up, .down, .mid, .bias, .doraScale, .alpha].contains(role)
      let ending = isRenamed ? recipe.dialect.ending(role) : String(tensor.name.dropFirst(module.stem.count + 1))
      try plan.add("\(stem).\(ending)", dtype, shape, .stored(tensor), path: path)
    }
    if module.rank > 0 { plan.ranks.append((module.path, module.rank, module.scale * Double(module.rank))) }
    // Without an alpha of its own the layer's is the rank to every loader, whatever a configuration beside it said.
    if !letters, module.tensors[.alpha] == nil, module.rank > 0, module.scale != 1 {
      try addAlpha(module.scale * Double(module.rank), stem)
    }
  }

  /// The shape in which a dialect keeps DoRA's magnitudes of outputs.
  ///
  /// PEFT's are a vector, of a convolution `[1, out, 1, 1]`; kohya's begin with the outputs. Those of inputs, and those that
  /// stay where they are, keep theirs.
  private func magnitudeShape(_ module: AdapterModule, _ tensor: TensorInfo, letters: Bool) -> [Int] {
    guard module.hasMagnitudesOfOutputs, letters != module.hasPEFTMagnitudes else { return tensor.shape }
    let further = Array(repeating: 1, count: max(1, (module.tensors[.down]?.shape.count ?? 2) - 1))
    guard letters else { return [module.outputs] + further }
    return further.count > 1 ? [1, module.outputs] + further.dropFirst() : [module.outputs]
  }

  private mutating func addAlpha(_ alpha: Double, _ stem: String) throws {
    try plan.add("\(stem).\(recipe.dialect.ending(.alpha))", .f32, [], .number(alpha), path: path)
  }

  // MARK: - Pairs

  /// - Parameter stored: the layer whose alpha's tensor may be copied.
  private mutating func add(_ pair: ConvertedPair, _ stem: String, stored: AdapterModule? = nil) throws {
    var pair = pair
    plan.layers += 1
    if !recipe.dialect.storesAlpha, recipe.alphaPlace == .factors, pair.scale != 1 {
      for index in pair.pieces.indices { pair.pieces[index].scale *= pair.scale }
      pair.scale = 1
    }
    let inexact = pair.pieces.contains { $0.scale != 1 && !Self.isPowerOfTwo($0.scale) }
    let place = plan.pairs.count
    for (role, shape) in [(TensorRole.up, pair.upShape), (.down, pair.downShape)] {
      let dtype = recipe.dtype ?? pair.dtype(role)
      if inexact || pair.pieces.contains(where: { $0.module.tensors[role]?.dtype != dtype }) {
        plan.rounded.insert(pair.path)
      }
      try plan.add("\(stem).\(recipe.dialect.ending(role))", dtype, shape, .pair(place, role), path: path)
    }
    if recipe.dialect.storesAlpha {
      if let alpha = stored?.tensors[.alpha], stored?.alpha.source == .tensor {
        try plan.add("\(stem).\(recipe.dialect.ending(.alpha))", alpha.dtype, alpha.shape, .stored(alpha), path: path)
      } else {
        try addAlpha(pair.alpha, stem)
      }
    }
    plan.ranks.append((pair.path, pair.rank, pair.alpha))
    plan.pairs.append(pair)
  }

  /// Whether a multiplication changes the exponent alone, so that no digit is lost.
  private static func isPowerOfTwo(_ value: Double) -> Bool { value.isNormal && abs(value).significand == 1 }

  private mutating func addFactored(_ module: AdapterModule, _ stem: String) throws {
    plan.layers += 1
    let stored = Set(module.tensors.filter { $0.key != .alpha }.map(\.value.dtype))
    let dtype =
      recipe.dtype ?? (stored.count == 1 ? stored.first : nil).flatMap { DType.writable.contains($0) ? $0 : nil }
      ?? .f32
    let kernel = module.kernel
    let channels = module.inputs / kernel.reduce(1, *)
    plan.rounded.insert(module.path)
    let place = plan.factored.count
    try plan.add(
      "\(stem).\(recipe.dialect.ending(.up))", dtype, [module.outputs, module.exactRank] + kernel.map { _ in 1 },
      .factored(place, .up), path: path)
    try plan.add(
      "\(stem).\(recipe.dialect.ending(.down))", dtype, [module.exactRank, channels] + kernel, .factored(place, .down),
      path: path)
    if recipe.dialect.storesAlpha { try addAlpha(Double(module.exactRank), stem) }
    plan.ranks.append((module.path, module.exactRank, Double(module.exactRank)))
    plan.factored.append(module)
  }

  // MARK: - Layers that one naming keeps apart

  private mutating func split(_ module: AdapterModule, into parts: [AdapterModule]) throws {
    plan.splits += 1
    guard module.isPair, module.tensors[.bias] == nil, module.tensors[.diffBias] == nil else {
      guard recipe.factorsOthers, module.hasFactors, module.tensors[.diffBias] == nil else {
        return refuse(module, "diffusers keeps apart what it stores as one, which only a LoRA's rows can")
      }
      for part in parts {
        guard let stem = recipe.stem(for: part.path) else {
          return refuse(part, "has no name in this dialect")
        }
        try addFactored(part, stem)
      }
      return
    }
    for part in parts {
      guard let stem = recipe.stem(for: part.path) else {
        return refuse(part, "has no name in this dialect")
      }
      guard let pair = try ConvertedPair(part: part, in: adapter.file) else {
        plan.unchanged += 1
        continue
      }
      try add(pair, stem)
    }
  }

  private mutating func join(_ modules: [AdapterModule], into whole: WholeLayer) throws {
    let first = modules[0]
    guard let stem = recipe.stem(for: whole.path) else {
      return modules.forEach { refuse($0, "has no name in this dialect") }
    }
    let roles: Set<TensorRole> = [.up, .down, .alpha]
    for module in modules {
      guard [.lora, .locon].contains(module.variant), module.inputs == first.inputs,
        Set(module.tensors.keys).isSubset(of: roles)
      else {
        return refuse(module, "the model stores it with others as one, which only LoRAs of one width can be")
      }
    }
    let known = whole.parts.map { part in modules.first { $0.path == part }?.outputs }
    guard let outputs = whole.heights(known, inputs: first.inputs)?.reduce(0, +),
      let rows = whole.rows(outputs: outputs, inputs: first.inputs)
    else { return refuse(first, "its size does not fit that of the layer it is a part of") }
    plan.joins += 1
    let parts = zip(whole.parts, rows).compactMap { part, targets in
      modules.first { $0.path == part }.map { (module: $0, targets: targets) }
    }
    try add(try ConvertedPair(whole: whole.path, outputs: outputs, parts: parts, in: adapter.file), stem)
  }
}

extension AdapterModule {
  /// Whether DoRA's magnitudes are stored as PEFT stores them.
  fileprivate var hasPEFTMagnitudes: Bool { tensors[.doraScale]?.name.contains("lora_magnitude_vector") ?? false }

  /// Whether DoRA's magnitudes are lengths of outputs; PEFT's always are.
  fileprivate var hasMagnitudesOfOutputs: Bool {
    guard let tensor = tensors[.doraScale], tensor.count == outputs else { return false }
    return hasPEFTMagnitudes || tensor.shape.first == outputs
  }
}
