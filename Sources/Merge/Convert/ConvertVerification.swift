import Adapters
import LinearAlgebra
import SafeTensors

/// Compares a written file with the original layer by layer, reading both again.
enum ConvertVerification {
  /// `‖ΔW - stored‖²` and `‖ΔW‖²` of every layer in doubles; layers that were left out are not measured.
  ///
  /// - Throws: ``MergeError`` with rule `verification` when a layer is missing, or a tensor that was to be copied differs.
  static func measures(
    _ recipe: ConvertRecipe, plan: ConvertPlan, written path: String, workers: Int
  ) async throws -> [LayerResidual] {
    let written = try Adapter(path: path)
    try checkCopies(recipe, plan, written.file)
    let aligned = Adapter.aligned([recipe.adapter, written])
    let stored = Dictionary(aligned[1].modules.map { ($0.path, $0) }, uniquingKeysWith: { $1 })
    let modules = aligned[0].modules.filter { $0.hasFactors && $0.outputs > 0 && !plan.leftOut.contains($0.stem) }
    return try await ParallelMap.run(count: modules.count, width: workers, scratch: {}) { index, _ in
      let module = modules[index]
      let before = try recipe.adapter.factors(of: module)
      var result = LayerResidual(module: module.path.description, energy: before.squaredNorm)
      if let other = stored[module.path] {
        // Between the same bytes there is nothing to compute, and rounding would make something of it.
        guard try !isCopy(module, other, recipe.adapter.file, written.file) else { return result }
        result.residual = try before.squaredDistance(to: try written.factors(of: other))
      } else {
        // A part that changes nothing has no tensors; anything else should have.
        result.residual = result.energy
      }
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
