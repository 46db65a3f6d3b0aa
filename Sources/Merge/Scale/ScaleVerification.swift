import Adapters
import LinearAlgebra
import SafeTensors

/// Compares a written file with the scaled original, reading both again.
enum ScaleVerification {
  /// `‖f ΔW - stored‖²` and `‖f ΔW‖²` of every layer in doubles, biases and norms that are scaled with it included.
  ///
  /// Where `f` is 0 there is nothing to be relative to, and `‖ΔW‖²` stands in its place.
  ///
  /// - Throws: ``MergeError`` with rule `verification` when a tensor that was to be copied is another, or one is missing.
  static func measures(
    _ recipe: ScaleRecipe, plan: ScalePlan, written path: String, workers: Int
  ) async throws -> [LayerResidual] {
    let written = try Adapter(path: path)
    try checkCopies(recipe.adapter.file, written.file, plan)
    let modules = recipe.adapter.modules
    let stored = Dictionary(written.modules.map { ($0.stem, $0) }, uniquingKeysWith: { $1 })
    return try await ParallelMap.run(count: modules.count, width: workers, scratch: {}) { index, _ in
      guard let other = stored[modules[index].stem] else {
        throw failure(path, "lacks the layer \(modules[index].stem), which was written")
      }
      return try measure(modules[index], other, written, recipe, plan)
    }
  }

  private static func measure(
    _ module: AdapterModule, _ other: AdapterModule, _ written: Adapter, _ recipe: ScaleRecipe, _ plan: ScalePlan
  ) throws -> LayerResidual {
    let factor = recipe.factor(for: module.path.part)
    var result = LayerResidual(module: module.path.description)
    let weight = factor == 0 ? 1 : factor * factor
    var vectors = module.tensors.filter { plan.factors[$0.value.name] != nil }.map(\.value)
    if module.hasFactors, module.outputs > 0 {
      let before = try recipe.adapter.factors(of: module)
      let exact = LowRank(up: before.up.scaled(by: factor), down: before.down)
      result.residual += try exact.squaredDistance(to: try written.factors(of: other))
      result.energy += weight * before.squaredNorm
      let beside = ScalePlan.linear(module).beside.map(\.name)
      vectors = vectors.filter { beside.contains($0.name) }
    }
    for tensor in vectors {
      guard let twin = written.file[tensor.name], twin.shape == tensor.shape else {
        throw failure(written.file.path, "lacks \(tensor.name), which was written")
      }
      for (old, new) in zip(try recipe.adapter.file.doubles(of: tensor), try written.file.doubles(of: twin)) {
        result.residual += (factor * old - new) * (factor * old - new)
        result.energy += weight * old * old
      }
    }
    return result
  }

  private static func checkCopies(_ before: SafeTensorsFile, _ after: SafeTensorsFile, _ plan: ScalePlan) throws {
    for tensor in before.header.tensors where plan.factors[tensor.name] == nil && plan.alphas[tensor.name] == nil {
      guard let twin = after[tensor.name], twin.dtype == tensor.dtype, twin.shape == tensor.shape,
        try after.copy(twin) == before.copy(tensor)
      else { throw failure(after.path, "\(tensor.name) was to be copied and is another") }
    }
  }

  private static func failure(_ path: String, _ detail: String) -> MergeError {
    MergeError(path: path, rule: .verification, detail: "\(detail); check the disk")
  }
}
