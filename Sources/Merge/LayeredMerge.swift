import Adapters
import LinearAlgebra

/// A layer through a method that works in the coordinates the LoRAs share.
enum LayeredMerge {
  /// What the method makes of a layer, times λ, and brought to the energy of a single LoRA if that is wanted.
  static func exact(
    _ layer: MergePlan.Layer, _ recipe: MergeRecipe, method: any LayerMethod
  ) throws -> (product: MergedProduct, core: CoreLayer) {
    let core = try CoreLayer(layer, recipe)
    let product: MergedProduct
    do {
      product = try method.merged(core)
    } catch let error as LayerMethodError {
      throw MergeError(path: layer.path.description, rule: .method, detail: error.detail)
    }
    var factor = recipe.lambda
    if recipe.normalises {
      let single = core.weighted.reduce(0) { $0 + $1.squaredNorm } / Double(core.cores.count)
      let energy = product.squaredNorm
      factor *= energy > 0 ? (single / energy).squareRoot() : 1
    }
    return (product.scaled(by: factor), core)
  }

  static func factors(
    _ layer: MergePlan.Layer, _ recipe: MergeRecipe, method: any LayerMethod
  ) throws -> MergedFactors {
    let (product, core) = try exact(layer, recipe, method: method)
    let (cut, discarded, total) = try product.truncated(to: layer.rank, core)
    return MergedFactors(cut, rank: layer.rank, energy: total, discarded: discarded)
  }
}
