import Adapters
import LinearAlgebra
public import SafeTensors

/// Carries out a recipe: layers in parallel, bytes in order, straight to the file.
public enum MergeEngine {
  /// Merges and writes.
  ///
  /// - Parameters:
  ///   - recipe: what to do.
  ///   - path: the file to write.
  ///   - existing: whether an existing file may be replaced; never one of the sources.
  ///   - workers: how many layers are computed at once.
  ///   - progress: told after each layer how many of how many are done.
  /// - Returns: what was done, with the numbers to check it by.
  /// - Throws: ``MergeError``, `SafeTensorsError`, `AdapterError` or `LinearAlgebraError`; nothing is left behind then.
  public static func run(
    _ recipe: MergeRecipe, to path: String, existing: SafeTensorsWriter.Existing = .refuse, workers: Int = 2,
    progress: @escaping @Sendable (Int, Int) -> Void = { _, _ in }
  ) async throws -> MergeReport {
    BLAS.useOneThread()
    let plan = try MergePlan(recipe)
    // Needs whole files read once, so it runs beside the layers and fills in the record of the merge at the end.
    async let hashing = hashes(of: recipe.sources)
    var writer = try SafeTensorsWriter(
      path: path, declarations: plan.declarations,
      metadata: MergedMetadata.make(recipe, plan: plan, output: path), existing: existing)
    try writeAlphas(plan, to: &writer)
    var totals = Totals()
    try await OrderedPipeline.run(
      count: plan.layers.count, width: workers, ahead: workers * 4,
      produce: { index in try layer(plan.layers[index], plan: plan, recipe: recipe) },
      consume: { index, layer in
        if writer.expected?.name == plan.layers[index].keys.alpha {
          try writer.append(alphaBytes(plan.layers[index]))
        }
        try writer.append(layer.down)
        try writer.append(layer.up)
        totals.add(layer, path: plan.layers[index].path)
        progress(index + 1, plan.layers.count)
      })
    let hashes = try await hashing
    try writer.replaceMetadata(MergedMetadata.key, with: MergedMetadata.record(recipe, plan: plan, hashes: hashes))
    try writer.replaceMetadata(MergedMetadata.discardedKey, with: MergedMetadata.number(totals.discardedShare))
    if recipe.verifies {
      try writer.replaceMetadata(MergedMetadata.residualKey, with: MergedMetadata.number(totals.relativeResidual))
    }
    let hash = try writer.finish()
    if recipe.verifies, try SafeTensorsFile(path: path).tensorHash() != hash {
      throw MergeError(
        path: path, rule: .verification, detail: "reads back differently from what was written; check the disk")
    }
    let ranks = plan.layers.map(\.rank)
    return MergeReport(
      output: path, method: recipe.method.name, modules: plan.layers.count,
      rank: .init(min: ranks.min() ?? 0, max: ranks.max() ?? 0), dtype: plan.dtype.rawValue,
      dialect: plan.dialect.rawValue, residual: recipe.verifies ? totals.relativeResidual : nil,
      worstModule: totals.worst, discardedEnergy: totals.discardedShare, hash: hash, overBase: .init(plan),
      skipped: plan.skipped,
      sources: zip(recipe.sources, hashes).map { source, hash in
        .init(path: source.adapter.file.path, strength: source.strength, autov3: String(hash.prefix(12)))
      })
  }

  /// The SHA-256 of each source's tensors.
  static func hashes(of sources: [MergeSource]) async throws -> [String] {
    try await withThrowingTaskGroup(of: (Int, String).self) { group in
      for (index, source) in sources.enumerated() {
        group.addTask { (index, try await source.adapter.file.tensorHashOnThread()) }
      }
      return try await group.reduce(into: Array(repeating: "", count: sources.count)) { $0[$1.0] = $1.1 }
    }
  }

  /// Alphas are F32, so they come before all factors in a narrower format.
  ///
  /// Among F32 factors they stand by name, and are written with their layer.
  private static func writeAlphas(_ plan: MergePlan, to writer: inout SafeTensorsWriter) throws {
    guard plan.dialect.storesAlpha, plan.dtype != .f32 else { return }
    for layer in plan.layers { try writer.append(alphaBytes(layer)) }
  }

  private static func alphaBytes(_ layer: MergePlan.Layer) -> [UInt8] { DType.f32.narrowed([Float(layer.alpha)]).bytes }

  private static func layer(
    _ layer: MergePlan.Layer, plan: MergePlan, recipe: MergeRecipe
  ) throws -> MergedLayer {
    let factors: MergedFactors
    do {
      factors =
        switch recipe.method {
        case .concat: try Concat.factors(layer, recipe, dtype: plan.dtype)
        case .svd: try TruncatedSum.factors(layer, recipe)
        case .layered(let method, _, _): try LayeredMerge.factors(layer, recipe, method: method)
        }
    } catch LinearAlgebraError.nonFinite {
      throw try nonFiniteError(layer, recipe) ?? LinearAlgebraError.nonFinite
    }
    let down = try rounded(factors.down, layer.keys.down, layer, plan: plan, recipe: recipe)
    let up = try rounded(factors.up, layer.keys.up, layer, plan: plan, recipe: recipe)
    var merged = MergedLayer(down: down, up: up, energy: factors.energy, discarded: factors.discarded)
    if recipe.verifies {
      let (residual, energy) = try Verification.residual(layer, recipe, up: up, down: down, dtype: plan.dtype)
      (merged.residual, merged.energy) = (residual, energy)
    }
    return merged
  }

  private static func rounded(
    _ elements: MergedFactors.Elements, _ key: String, _ layer: MergePlan.Layer, plan: MergePlan, recipe: MergeRecipe
  ) throws -> [UInt8] {
    let values: [Float]
    switch elements {
    case .bytes(let bytes): return bytes
    case .values(let numbers): values = numbers
    }
    let (bytes, bad) = plan.dtype.narrowed(values, policy: recipe.overflow)
    guard bad > 0 else { return bytes }
    if let error = try nonFiniteError(layer, recipe) { throw error }
    throw MergeError(
      path: key, rule: .overflow,
      detail:
        "\(bad) values are too large for \(plan.dtype.rawValue); write F32 or BF16, or allow clamping with --saturate")
  }
}

extension MergeEngine {
  /// The error that names the source and tensor with NaN or infinite values behind a layer.
  private static func nonFiniteError(_ layer: MergePlan.Layer, _ recipe: MergeRecipe) throws -> (any Error)? {
    for part in layer.parts {
      if let error = try recipe.sources[part.source].adapter.nonFiniteError(in: part.module) { return error }
    }
    return nil
  }
}

/// Sums over layers.
struct Totals {
  var energy = 0.0
  var discarded = 0.0
  var residual = 0.0
  var worst: MergeReport.WorstModule?

  mutating func add(_ layer: MergedLayer, path: ModulePath) {
    discarded += layer.discarded
    add(energy: layer.energy, residual: layer.residual, path: path)
  }

  mutating func add(energy: Double, residual squared: Double?, path: ModulePath) {
    self.energy += energy
    guard let squared else { return }
    residual += squared
    let own = energy > 0 ? (squared / energy).squareRoot() : 0
    if own > (worst?.residual ?? -1) { worst = .init(module: path.description, residual: own) }
  }

  var discardedShare: Double { energy > 0 ? discarded / energy : 0 }
  var relativeResidual: Double { energy > 0 ? (residual / energy).squareRoot() : 0 }
}
