import Adapters
import SafeTensors

/// What will be written, decided from the headers alone.
struct BakePlan: Sendable {
  /// The files of weights, as in the base model.
  var files: [BakeFile]
  /// What is left out, and why; empty unless the recipe allows it.
  var skipped: [String]
  /// How many layers each source changes.
  var layers: [Int]

  /// Decides what a recipe writes.
  /// - Throws: ``MergeError`` or `AdapterError` when a LoRA does not fit the base model.
  init(_ recipe: BakeRecipe) throws {
    skipped = []
    layers = []
    var edits: [[String: [TensorEdit]]] = recipe.base.files.map { _ in [:] }
    for (index, source) in recipe.sources.enumerated() {
      try Self.checkArchitecture(source.adapter, recipe.base)
      skipped += try Self.unsupported(source.adapter, allowed: recipe.skipsUnsupported)
      var missing: [String] = []
      var count = 0
      for module in source.adapter.modules {
        let own = try Self.edits(of: module, source: index, in: source.adapter, base: recipe.base)
        missing += own.missing
        for edit in own.edits {
          try Self.checkShape(edit, source: source, base: recipe.base)
          edits[edit.place.file][edit.place.tensor.name, default: []].append(edit)
        }
        if !own.edits.isEmpty { count += 1 }
      }
      if let first = missing.first, !recipe.skipsMissing {
        throw MergeError(
          path: source.adapter.file.path, rule: .missing,
          detail:
            "trains \(missing.count) layers that \(recipe.base.path) lacks, the first is \(first); it is for another model, or leave them out with --skip-missing"
        )
      }
      skipped += missing.map { "\(source.adapter.name): \($0) (not in the base model)" }
      layers.append(count)
    }
    guard edits.contains(where: { !$0.isEmpty }) else {
      throw MergeError(
        path: recipe.sources.first?.adapter.file.path ?? recipe.base.path, rule: .empty,
        detail: "changes no layer of \(recipe.base.path)")
    }
    files = []
    for (file, own) in zip(recipe.base.files, edits) { files.append(try Self.file(file, own, recipe)) }
  }

  private static func checkArchitecture(_ adapter: Adapter, _ base: Checkpoint) throws(MergeError) {
    guard adapter.architecture != .unknown, base.architecture != .unknown,
      adapter.architecture != base.architecture
    else { return }
    throw MergeError(
      path: adapter.file.path, rule: .architecture,
      detail: "is for \(adapter.architecture.label), but \(base.path) is \(base.architecture.label)")
  }

  /// What of a LoRA cannot be applied to any base model by this version.
  private static func unsupported(_ adapter: Adapter, allowed: Bool) throws(MergeError) -> [String] {
    let reasons =
      adapter.modules.filter { $0.variant == .replaced && $0.outputs == 0 }.map { "\($0.stem) (a replaced vector)" }
      + adapter.embeddings.map { "\($0.token) (the vectors of a trigger word, which no base model holds)" }
      + adapter.unmatched.map { "\($0.key) (\($0.reason))" }
    if let first = reasons.first, !allowed {
      throw MergeError(
        path: adapter.file.path, rule: .unsupported,
        detail:
          "holds \(reasons.count) things that cannot be baked, the first is \(first); leave them out with --skip-unsupported"
      )
    }
    return reasons.map { "\(adapter.name): \($0)" }
  }

  /// The changes a layer makes, and what of it the base model lacks.
  private static func edits(
    of module: AdapterModule, source: Int, in adapter: Adapter, base: Checkpoint
  ) throws -> (edits: [TensorEdit], missing: [String]) {
    var edits: [TensorEdit] = []
    var missing: [String] = []
    func add(_ kind: TensorEdit.Kind, _ places: [CheckpointPlace], _ what: String) {
      if places.isEmpty { missing.append("\(module.stem)\(what)") }
      edits += places.map { TensorEdit(source: source, module: module, kind: kind, place: $0) }
    }
    let rewrites = module.variant.needsBase && module.variant != .dora && module.variant != .replaced
    if rewrites || (module.variant != .vector && module.outputs > 0) {
      let places = base.places(of: module.path)
      add(.matrix, places, "")
      if module.tensors[.ia3Vector] != nil, let geometry = places.first?.geometry,
        try adapter.scaledAxis(of: module, on: geometry).axis == .outputs
      {
        // A layer without a bias has nothing more to scale.
        let biases = base.biasPlaces(of: module.path)
        edits += biases.map {
          TensorEdit(source: source, module: module, kind: .biasFactors(.ia3Vector), place: $0)
        }
      }
    } else if module.tensors[.diff] != nil {
      add(.vector(.diff), base.places(of: module.path), "")
    }
    if module.tensors[.normWeight] != nil { add(.vector(.normWeight), base.places(of: module.path), "") }
    if module.tensors[.normBias] != nil { add(.vector(.normBias), base.biasPlaces(of: module.path), " (bias)") }
    if module.tensors[.bias] != nil { add(.vector(.bias), base.biasPlaces(of: module.path), " (bias)") }
    if module.tensors[.diffBias] != nil { add(.vector(.diffBias), base.biasPlaces(of: module.path), " (bias)") }
    return (edits, missing)
  }

  private static func checkShape(_ edit: TensorEdit, source: MergeSource, base: Checkpoint) throws {
    let (module, place) = (edit.module, edit.place)
    let found: String
    switch edit.kind {
    case .matrix where edit.rewritesWeight:
      guard let geometry = place.geometry else {
        found = module.variant.label
        break
      }
      return try source.adapter.checkFit(of: module, on: geometry)
    case .matrix:
      guard place.tensor.shape.count < 2 || place.outputs != module.outputs || place.inputs != module.inputs else {
        return
      }
      found = "[\(module.outputs), \(module.inputs)]"
    case .vector(let role), .biasFactors(let role):
      let count = module.tensors[role]?.count ?? 0
      guard place.rows?.count != count || place.columns != 1 else { return }
      found = "[\(count)]"
    }
    throw MergeError(
      path: source.adapter.file.path, rule: .shape,
      detail:
        "\(module.stem) is \(found), but \(place.tensor.name) in \(base.path) is \(place.tensor.shape); they are for different base models"
    )
  }

  private static func file(
    _ base: Checkpoint.File, _ edits: [String: [TensorEdit]], _ recipe: BakeRecipe
  ) throws(MergeError) -> BakeFile {
    var isChanged = !edits.isEmpty
    var declarations: [TensorDeclaration] = []
    // Weights stored in units of a scale beside them cannot be changed as if they were plain.
    if let scale = base.scaledTensor {
      throw MergeError(
        path: base.file.path, rule: .unsupported,
        detail: "stores its weights in scaled FP8 (\(scale)); bake into the F16 or BF16 version")
    }
    for tensor in base.file.header.tensors {
      var dtype = tensor.dtype
      if let wanted = recipe.dtype, dtype.isFloatingPoint, base.part != nil || Checkpoint.isNetwork(tensor.name) {
        dtype = wanted
      }
      if edits[tensor.name] != nil, !DType.writable.contains(dtype) {
        throw MergeError(
          path: base.file.path, rule: .unsupported,
          detail:
            "\(tensor.name) is in \(dtype.rawValue), which weights are not written in; choose another with --dtype"
        )
      }
      isChanged = isChanged || dtype != tensor.dtype
      declarations.append(TensorDeclaration(name: tensor.name, dtype: dtype, shape: tensor.shape))
    }
    return BakeFile(base: base, declarations: declarations, edits: edits, isChanged: isChanged)
  }
}
