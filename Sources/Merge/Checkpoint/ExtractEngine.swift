import Adapters
import LinearAlgebra
public import SafeTensors

/// Carries out an extraction: layers in parallel, bytes in order, straight to the file.
public enum ExtractEngine {
  /// The metadata key under which the extraction is recorded as JSON.
  static let key = "troupe.extract"

  /// Extracts and writes.
  ///
  /// - Parameters:
  ///   - recipe: what to do.
  ///   - path: the file to write.
  ///   - existing: whether an existing file may be replaced.
  ///   - workers: how many layers are computed at once.
  ///   - progress: told after each layer how many of how many are done.
  /// - Returns: what was done.
  /// - Throws: ``MergeError``, `SafeTensorsError` or `LinearAlgebraError`; nothing is left behind then.
  public static func run(
    _ recipe: ExtractRecipe, to path: String, existing: SafeTensorsWriter.Existing = .refuse, workers: Int = 2,
    progress: @escaping @Sendable (Int, Int) -> Void = { _, _ in }
  ) async throws -> ExtractReport {
    BLAS.useOneThread()
    let plan = try await ExtractPlan(recipe, workers: workers)
    let layers = plan.layers
    var writer = try SafeTensorsWriter(
      path: path, declarations: layers.flatMap { $0.declarations(recipe.dtype) },
      metadata: metadata(recipe, plan: plan, output: path), existing: existing)
    func alpha(_ layer: ExtractPlan.Layer) -> [UInt8] { DType.f32.narrowed([Float(layer.rank)]).bytes }
    // F32 alphas stand before all factors of a narrower format, and among F32 factors by name.
    if recipe.dtype != .f32 {
      for layer in layers { try writer.append(alpha(layer)) }
    }
    var shares: [(path: ModulePath, energy: Double, captured: Double)] = []
    var totals = Totals()
    try await OrderedPipeline.run(
      count: layers.count, width: workers, ahead: workers * 2,
      produce: { index in try ExtractedLayer(layers[index], recipe) },
      consume: { index, layer in
        if writer.expected?.name == layers[index].keys.alpha { try writer.append(alpha(layers[index])) }
        try writer.append(layer.down)
        try writer.append(layer.up)
        shares.append((layers[index].path, layer.energy, layer.captured))
        totals.add(energy: layer.energy, residual: layer.residual, path: layers[index].path)
        progress(index + 1, layers.count)
      })
    if recipe.verifies {
      try writer.replaceMetadata(MergedMetadata.residualKey, with: MergedMetadata.number(totals.relativeResidual))
    }
    let hash = try writer.finish()
    if recipe.verifies, try SafeTensorsFile(path: path).tensorHash() != hash {
      throw MergeError(
        path: path, rule: .verification, detail: "reads back differently from what was written; check the disk")
    }
    func share(_ list: [(path: ModulePath, energy: Double, captured: Double)]) -> Double {
      let energy = list.reduce(0) { $0 + $1.energy }
      return energy > 0 ? list.reduce(0) { $0 + $1.captured } / energy : 1
    }
    let worst = shares.min { share([$0]) < share([$1]) }
    return ExtractReport(
      output: path, base: recipe.base.path, tuned: recipe.tuned.path,
      architecture: recipe.base.architecture.rawValue, modules: layers.count, unchanged: plan.unchanged,
      otherChanges: plan.otherChanges,
      rank: .init(min: layers.map(\.rank).min() ?? 0, max: layers.map(\.rank).max() ?? 0),
      dtype: recipe.dtype.rawValue, capturedEnergy: share(shares),
      parts: ModelPart.allCases.sorted().compactMap { part in
        let own = shares.filter { $0.path.part == part }
        return own.isEmpty
          ? nil : .init(part: part.rawValue, modules: own.count, capturedEnergy: share(own))
      },
      worstModule: .init(
        module: worst?.path.description ?? "", capturedEnergy: worst.map { share([$0]) } ?? 1),
      residual: recipe.verifies ? totals.relativeResidual : nil,
      expectedResidual: max(0, 1 - share(shares)).squareRoot(), worstResidual: totals.worst, hash: hash)
  }

  private static func metadata(_ recipe: ExtractRecipe, plan: ExtractPlan, output: String) -> [String: String] {
    func name(_ path: String) -> String { path.split(separator: "/").last.map(String.init) ?? path }
    let ranks = Set(plan.layers.map(\.rank))
    let rank = ranks.count == 1 ? "\(plan.layers[0].rank)" : "Dynamic"
    var result = [
      "ss_network_module": "networks.lora", "ss_network_dim": rank, "ss_network_alpha": rank,
      "ss_output_name": MergedMetadata.stem(output),
      "ss_training_comment": "extracted by Troupe: \(name(recipe.tuned.path)) - \(name(recipe.base.path))",
      "modelspec.sai_model_spec": "1.0.1", "modelspec.title": MergedMetadata.stem(output),
      "modelspec.implementation": "https://github.com/Stability-AI/generative-models",
      "ss_sd_model_name": name(recipe.base.path), SafeTensorsWriter.hashKey: "",
    ]
    if recipe.verifies { result[MergedMetadata.residualKey] = MergedMetadata.reserved }
    result["modelspec.architecture"] = MergedMetadata.modelspecArchitecture(recipe.base.architecture)
    switch recipe.base.architecture {
    case .sd1: result["ss_base_model_version"] = "sd_v1"
    case .sd2: (result["ss_base_model_version"], result["ss_v2"]) = ("sd_v2", "True")
    case .sdxl: result["ss_base_model_version"] = "sdxl_base_v1-0"
    default: break
    }
    result[key] =
      JSONValue.object([
        "schema": .unsigned(1), "base": .string(name(recipe.base.path)), "tuned": .string(name(recipe.tuned.path)),
        "rank": .unsigned(UInt64(recipe.rank)),
        "conv_rank": recipe.convolutionRank.map { .unsigned(UInt64($0)) } ?? .null,
        "method": .string("randomised SVD, oversampling 10, 2 power iterations"),
        "unchanged": .unsigned(UInt64(plan.unchanged)), "other_changes": .unsigned(UInt64(plan.otherChanges)),
      ]).text
    return result
  }
}
