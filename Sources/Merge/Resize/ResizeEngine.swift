import Adapters
import LinearAlgebra
public import SafeTensors

/// Carries out a change of rank: the spectra of all layers first, which decide the ranks, then the layers themselves.
public enum ResizeEngine {
  /// Resizes and writes.
  ///
  /// - Parameters:
  ///   - recipe: what to do.
  ///   - path: the file to write.
  ///   - existing: whether an existing file may be replaced; never the original.
  ///   - workers: how many layers are computed at once.
  ///   - progress: told after each step how many of how many are done; there are two steps per layer.
  /// - Returns: what was done, with the numbers to check it by.
  /// - Throws: ``MergeError``, `SafeTensorsError`, `AdapterError` or `LinearAlgebraError`; nothing is left behind then.
  public static func run(
    _ recipe: ResizeRecipe, to path: String, existing: SafeTensorsWriter.Existing = .refuse, workers: Int = 2,
    progress: @escaping @Sendable (Int, Int) -> Void = { _, _ in }
  ) async throws -> ResizeReport {
    BLAS.useOneThread()
    let plan = try ResizePlan(recipe)
    let count = plan.layers.count
    async let hashing = recipe.adapter.file.tensorHashOnThread()
    let kept = keptDirections(plan, recipe)
    let cores = try await ParallelMap.run(
      count: count, width: workers, scratch: { () }, progress: { progress($0, 2 * count) },
      body: { index, _ in try decomposed(plan.layers[index], directions: kept[index], recipe.adapter) })
    let spectra = cores.map(\.values)
    let ranks = try RankChoice.ranks(recipe, plan: plan, spectra: spectra, output: path)
    var writer = try SafeTensorsWriter(
      path: path, declarations: plan.declarations(ranks),
      metadata: ResizedMetadata.make(recipe, plan: plan, ranks: ranks, output: path), existing: existing)
    var residuals: [Double?] = []
    // Alphas are F32, so they come before all factors in a narrower format; among F32 factors they stand by name.
    if plan.dialect.storesAlpha, plan.dtype != .f32 {
      for rank in ranks { try writer.append(alphaBytes(rank)) }
    }
    try await OrderedPipeline.run(
      count: count, width: workers, ahead: workers * 4,
      produce: { index in
        try ResizedLayer(plan.layers[index], rank: ranks[index], core: cores[index], plan: plan, recipe: recipe)
      },
      consume: { index, layer in
        if writer.expected?.name == plan.layers[index].keys.alpha { try writer.append(alphaBytes(ranks[index])) }
        try writer.append(layer.down)
        try writer.append(layer.up)
        residuals.append(layer.residual)
        progress(count + index + 1, 2 * count)
      })
    var report = report(recipe, plan: plan, ranks: ranks, spectra: spectra, residuals: residuals)
    let hash = try await hashing
    try writer.replaceMetadata(ResizedMetadata.key, with: ResizedMetadata.record(recipe, plan: plan, hash: hash))
    try writer.replaceMetadata(
      ResizedMetadata.discardedKey,
      with: MergedMetadata.number(report.expectedResidual * report.expectedResidual))
    if recipe.verifies {
      try writer.replaceMetadata(ResizedMetadata.residualKey, with: MergedMetadata.number(report.residual))
    }
    report.output = path
    report.hash = try writer.finish()
    let written = try SafeTensorsFile(path: path)
    report.total.bytesAfter = written.size
    if recipe.verifies, try written.tensorHash() != report.hash {
      throw MergeError(
        path: path, rule: .verification, detail: "reads back differently from what was written; check the disk")
    }
    return report
  }

  private static func alphaBytes(_ rank: Int) -> [UInt8] { DType.f32.narrowed([Float(rank)]).bytes }

  /// How many directions of each layer are kept from the choice of ranks to the cut, so that it is decomposed once.
  ///
  /// A LoHa's layer can be of full rank, and keeping all directions of hundreds of these would fill the memory: layers
  /// beyond the budget keep none, and are decomposed again.
  static func keptDirections(_ plan: ResizePlan, _ recipe: ResizeRecipe, budget: Int = 256 << 20) -> [Int] {
    var left = budget
    return plan.layers.map { layer in
      let rank = min(layer.module.exactRank, layer.outputs, layer.inputs)
      let cap = recipe.cap.map { layer.isWide ? $0.convolution : $0.linear } ?? rank
      let directions = max(1, min(cap, rank))
      let bytes = 2 * rank * directions * MemoryLayout<Double>.size
      guard bytes <= left else { return 0 }
      left -= bytes
      return directions
    }
  }

  /// The singular values of ΔW, scale included, and as many directions as are kept.
  private static func decomposed(
    _ layer: ResizePlan.Layer, directions: Int, _ adapter: Adapter
  ) throws -> CoreSVD {
    do {
      return try adapter.factors(of: layer.module).coreSVD(directions: directions)
    } catch LinearAlgebraError.nonFinite {
      throw try adapter.nonFiniteError(in: layer.module)
        ?? MergeError(
          path: adapter.file.path, rule: .overflow,
          detail: "the product of the factors of \(layer.module.stem) is too large for double precision")
    }
  }

  private static func report(
    _ recipe: ResizeRecipe, plan: ResizePlan, ranks: [Int], spectra: [[Double]], residuals: [Double?]
  ) -> ResizeReport {
    var total = ResizeTally()
    var parts: [ModelPart: ResizeTally] = [:]
    var layers: [ResizeReport.Layer] = []
    var missing = 0.0
    let alpha = plan.dialect.storesAlpha ? 4 : 0
    for (index, layer) in plan.layers.enumerated() {
      let (rank, values) = (ranks[index], spectra[index])
      let bytes = layer.width * rank * plan.dtype.bitWidth / 8 + alpha
      var own = ResizeTally()
      own.add(values, rank: rank, layer: layer, bytesAfter: bytes)
      total.add(values, rank: rank, layer: layer, bytesAfter: bytes)
      parts[layer.path.part, default: ResizeTally()].add(values, rank: rank, layer: layer, bytesAfter: bytes)
      missing += values.dropFirst(rank).reversed().reduce(0) { $0 + $1 * $1 }
      let residual = residuals[index].map { own.squaredNorm > 0 ? ($0 / own.squaredNorm).squareRoot() : 0 }
      layers.append(
        .init(
          module: layer.path.description, variant: layer.module.variant.rawValue, before: layer.module.exactRank,
          after: rank, retainedEnergy: own.retainedEnergy, retainedSum: own.retainedSum, greatest: values.first ?? 0,
          residual: residual))
    }
    let energy = total.squaredNorm
    let squared = residuals.compactMap { $0 }.reduce(0, +)
    let goal: (String, Double?) =
      switch recipe.goal {
      case .size(let bytes): ("size", Double(bytes))
      case .rule(let rule): (rule.name, rule.parameter)
      }
    return ResizeReport(
      output: "", source: recipe.adapter.file.path, rule: goal.0, parameter: goal.1, dtype: plan.dtype.rawValue,
      dialect: plan.dialect.rawValue, total: total.summary("total", bytes: (recipe.adapter.file.size, 0)),
      parts: parts.sorted { $0.key < $1.key }.map { $0.value.summary($0.key.rawValue) }, layers: layers,
      residual: recipe.verifies ? (energy > 0 ? (squared / energy).squareRoot() : 0) : nil,
      expectedResidual: energy > 0 ? (missing / energy).squareRoot() : 0, hash: "", skipped: plan.skipped)
  }
}
