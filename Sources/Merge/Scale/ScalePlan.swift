import Adapters
import SafeTensors

/// What happens to each tensor of a file that is scaled.
struct ScalePlan: Sendable {
  /// How one layer is scaled.
  enum Way: Sendable, Equatable {
    case unchanged
    /// By a new alpha; `flips` when the up factor takes the sign.
    case alpha(Double, flips: Bool)
    /// By multiplying tensors that stand for ΔW linearly.
    case factor(Double)
  }

  /// The tensors that are multiplied, by name; all others are copied.
  var factors: [String: Double] = [:]
  /// The alphas that are written, by name.
  var alphas: [String: Double] = [:]
  /// The layers' ways, in the adapter's order.
  var ways: [Way] = []
  /// The alpha of each layer of the result that has one.
  var resulting: [Double] = []

  /// - Throws: ``MergeError`` naming layers and keys that a number cannot scale, or a format that is not written.
  init(_ recipe: ScaleRecipe) throws(MergeError) {
    let adapter = recipe.adapter
    try Self.refuse(recipe)
    for module in adapter.modules {
      let way = Self.way(module, factor: recipe.factor(for: module.path.part))
      ways.append(way)
      let linear = Self.linear(module)
      switch way {
      case .unchanged: if module.rank > 0 { resulting.append(module.alpha.value) }
      case .alpha(let alpha, let flips):
        alphas[module.tensors[.alpha]?.name ?? "\(module.stem).alpha"] = alpha
        resulting.append(alpha)
        if flips, let main = linear.main { factors[main.name] = -1 }
        for tensor in linear.beside { factors[tensor.name] = recipe.factor(for: module.path.part) }
      case .factor(let factor):
        if module.rank > 0 { resulting.append(module.alpha.value) }
        for tensor in [linear.main].compactMap({ $0 }) + linear.beside { factors[tensor.name] = factor }
      }
    }
    for (name, factor) in factors.sorted(by: { $0.key < $1.key }) {
      // A sign alone can be changed in F64 too; not in the FNUZ formats, where minus zero is NaN.
      guard let tensor = adapter.file[name], !DType.writable.contains(tensor.dtype),
        !(factor == -1 && tensor.dtype == .f64)
      else { continue }
      throw MergeError(
        path: adapter.file.path, rule: .unsupported,
        detail: "\(name) is in \(tensor.dtype.rawValue), which is not written; scale it while merging (troupe merge)")
    }
  }

  private static func way(_ module: AdapterModule, factor: Double) -> Way {
    if factor == 1 { return .unchanged }
    // An alpha of 0 means "none" to LyCORIS, which would switch the layer on instead of off.
    guard factor != 0, scalesByAlpha(module) else { return .factor(factor) }
    let alpha = Double(Float(module.alpha.value * abs(factor)))
    guard alpha != 0, alpha.isFinite else { return .factor(factor) }
    return .alpha(alpha, flips: factor < 0)
  }

  /// Whether loaders divide an alpha tensor of this layer by its rank.
  private static func scalesByAlpha(_ module: AdapterModule) -> Bool {
    guard module.rank > 0, module.variant != .full, module.alpha.source != .none else { return false }
    switch module.dialect {
    case .kohya, .kohyaSGM, .kohyaOriginal, .oneTrainer, .lycoris, .comfy: return true
    default: return module.tensors[.alpha] != nil
    }
  }

  /// The tensors in which ΔW is linear: one factor of the matrix, and what is added beside it.
  static func linear(_ module: AdapterModule) -> (main: TensorInfo?, beside: [TensorInfo]) {
    let t = module.tensors
    let main =
      switch module.variant {
      case .lora, .locon, .tucker: t[.up]
      case .loha, .lohaTucker: t[.hadaW1A]
      case .lokr: t[.lokrW1] ?? t[.lokrW1A]
      case .full: t[.diff]
      default: Optional<TensorInfo>.none
      }
    return (main, [t[.diffBias], t[.normWeight], t[.normBias], t[.bias]].compactMap { $0 })
  }

  private static func refuse(_ recipe: ScaleRecipe) throws(MergeError) {
    let adapter = recipe.adapter
    func failure(_ detail: String) -> MergeError {
      MergeError(path: adapter.file.path, rule: .unsupported, detail: detail)
    }
    func list(_ names: [String]) -> String {
      names.prefix(3).joined(separator: ", ") + (names.count > 3 ? " and \(names.count - 3) more" : "")
    }
    let changed = adapter.modules.filter { recipe.factor(for: $0.path.part) != 1 }
    for module in changed where !recipe.factor(for: module.path.part).isFinite {
      throw failure("the strength for \(module.path.part.label) is not a finite number")
    }
    let rigid = changed.filter { module in
      module.variant.needsBase || module.tensors[.biasValues] != nil || module.tensors[.rescale] != nil
    }
    guard rigid.isEmpty else {
      let kinds = Set(rigid.map(\.variant.label)).sorted().joined(separator: ", ")
      throw failure(
        "\(rigid.count) layers (\(kinds)) do not change in proportion to any number in the file: \(list(rigid.map(\.stem))); use the file at another strength instead"
      )
    }
    let isChanged = recipe.strength * recipe.unet != 1 || recipe.strength * recipe.textEncoders != 1
    guard adapter.unmatched.isEmpty || !isChanged else {
      throw failure(
        "\(adapter.unmatched.count) keys belong to no known layer, so they cannot be scaled: \(list(adapter.unmatched.map(\.key)))"
      )
    }
    // PEFT's configuration does not go along, and without it the alpha would be another.
    let beside = adapter.modules.filter { $0.alpha.source == .adapterConfig }
    guard beside.isEmpty else {
      throw failure(
        "the alpha of \(beside.count) layers stands in adapter_config.json beside the file, which a copy would lose; write it with troupe merge, which puts the scale into the factors"
      )
    }
  }
}
