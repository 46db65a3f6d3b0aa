import LinearAlgebra
import SafeTensors

/// Measures what a written layer lacks of the exact result.
enum Verification {
  /// What the method defines, in doubles and before it is cut to a rank.
  private static func target(_ layer: MergePlan.Layer, _ recipe: MergeRecipe) throws -> LowRank {
    guard case .layered(let method, _, _) = recipe.method else { return try ExactSum.of(layer, recipe) }
    let (product, core) = try LayeredMerge.exact(layer, recipe, method: method)
    return product.factors(core)
  }

  /// `‖Σ wᵢ ΔWᵢ - stored‖²` and `‖Σ wᵢ ΔWᵢ‖²`, from the bytes that are written.
  ///
  /// The Gram route loses half the digits to cancellation, so a residual below 1e-6 of the sum is measured again
  /// through QR, which keeps them.
  static func residual(
    _ layer: MergePlan.Layer, _ recipe: MergeRecipe, up: [UInt8], down: [UInt8], dtype: DType
  ) throws -> (residual: Double, energy: Double) {
    let exact = try target(layer, recipe)
    let stored = LowRank(
      up: Matrix(rows: layer.outputs, columns: layer.rank, elements: dtype.widened(up))
        .scaled(by: -layer.alpha / Double(layer.rank)),
      down: Matrix(rows: layer.rank, columns: layer.inputs, elements: dtype.widened(down)))
    let energy = exact.squaredNorm
    let difference = LowRank.sum([exact, stored])
    let quick = difference.squaredNorm
    guard quick < energy * 1e-12 else { return (quick, energy) }
    let core = try difference.up.qrTriangle().timesTransposed(difference.down.transposed.qrTriangle())
    return (core.squaredNorm, energy)
  }
}
