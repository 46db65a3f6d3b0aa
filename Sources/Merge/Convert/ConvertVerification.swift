import Adapters
import LinearAlgebra
import SafeTensors

/// Compares a written file with the original layer by layer, reading both again.
enum ConvertVerification {
  /// The squared norms of one layer: of the difference, and of the original's change.
  struct Measure: Sendable {
    var module: String
    var residual = 0.0
    var energy = 0.0

    /// 1 where something stands instead of nothing.
    var relative: Double { energy > 0 ? (residual / energy).squareRoot() : residual > 0 ? 1 : 0 }
  }

  /// `‖ΔW - stored‖²` and `‖ΔW‖²` of every layer in doubles; layers that were left out are not measured.
  ///
  /// - Throws: ``MergeError`` with rule `verification` when a layer is missing, or a tensor that was to be copied differs.
  static func measures(
    _ recipe: ConvertRecipe, plan: ConvertPlan, written path: String, workers: Int
  ) async throws -> [Measure] {
    let written = try Adapter(path: path)
    try checkCopies(recipe, plan, written.file)
    let aligned = Adapter.aligned([recipe.adapter, written])
    let stored = Dictionary(aligned[1].modules.map { ($0.path, $0) }, uniquingKeysWith: { $1 })
    let known = Set(plan.ranks.map(\.path))
    let modules = aligned[0].modules.filter(\.hasFactors).filter { $0.outputs > 0 }
    return try await ParallelMap.run(count: modules.count, width: workers, scratch: {}) { index, _ in
      let module = modules[index]
      var result = Measure(module: module.path.description)
      if let other = stored[module.path], try isCopy(module, other, recipe.adapter.file, written.file) { return result }
      let before = try recipe.adapter.factors(of: module)
      if let other = stored[module.path] {
        result.residual = try before.squaredDistance(to: try written.factors(of: other))
      } else if known.contains(module.path) || plan.skipped.isEmpty {
        // A part that changes nothing has no tensors; anything else should have.
        result.residual = before.squaredNorm
      } else {
        return result
      }
      result.energy = before.squaredNorm
      return result
    }
  }

  /// Whether both factors and the scale are those of the original, so that there is nothing to compute.
  private static func isCopy(
    _ a: AdapterModule, _ b: AdapterModule, _ before: SafeTensorsFile, _ after: SafeTensorsFile
  ) throws -> Bool {
    guard a.isPair, b.isPair, a.scale == b.scale else { return false }
    return try [TensorRole.up, .down].allSatisfy { role in
      guard let x = a.tensors[role], let y = b.tensors[role], x.dtype == y.dtype, x.count == y.count else {
        return false
      }
      return try before.copy(x) == after.copy(y)
    }
  }

  /// All layers together.
  static func total(_ measures: [Measure]) -> Measure {
    measures.reduce(into: Measure(module: "")) {
      $0.residual += $1.residual
      $0.energy += $1.energy
    }
  }

  private static func checkCopies(_ recipe: ConvertRecipe, _ plan: ConvertPlan, _ after: SafeTensorsFile) throws {
    for (name, source) in plan.sources {
      guard case .stored(let tensor) = source else { continue }
      guard let twin = after[name], twin.count == tensor.count,
        try twin.dtype != tensor.dtype || after.copy(twin) == recipe.adapter.file.copy(tensor)
      else {
        throw MergeError(
          path: after.path, rule: .verification,
          detail: "\(name) was to be a copy of \(tensor.name) and is another; check the disk")
      }
    }
  }
}
