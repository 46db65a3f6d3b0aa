import Adapters
import LinearAlgebra
import SafeTensors

/// The sum that every method is measured against.
enum ExactSum {
  /// `Σ wᵢ ΔWᵢ` as one product in doubles: up factors side by side, down factors stacked.
  static func of(_ layer: MergePlan.Layer, _ recipe: MergeRecipe) throws -> LowRank {
    let rank = layer.fullRank
    var up = [Double](repeating: 0, count: layer.outputs * rank)
    var down = [Double](repeating: 0, count: rank * layer.inputs)
    try Stacking.fill(layer, recipe, rank: rank, up: &up, down: &down) { Concat.weight($0, recipe) }
    return LowRank(
      up: Matrix(rows: layer.outputs, columns: rank, elements: up),
      down: Matrix(rows: rank, columns: layer.inputs, elements: down))
  }
}

/// Puts the factors of all sources into one pair of factors.
enum Stacking {
  /// Fills `up`, `[out, rank]`, and `down`, `[rank, in]`, part after part; `weight` multiplies a part's up factor.
  static func fill<Number: WideNumber>(
    _ layer: MergePlan.Layer, _ recipe: MergeRecipe, rank: Int, up: inout [Number], down: inout [Number],
    weight: ((source: Int, module: AdapterModule)) -> Double
  ) throws {
    var column = 0
    for part in layer.parts {
      let adapter = recipe.sources[part.source].adapter
      let scale = weight(part)
      if part.module.isPair, let upTensor = part.module.tensors[.up], let downTensor = part.module.tensors[.down] {
        let r = part.module.rank
        try adapter.file.widen(
          upTensor, rowLength: r, rows: 0..<layer.outputs, columns: 0..<r, into: &up, offset: column, stride: rank,
          scale: scale)
        try adapter.file.widen(
          downTensor, rowLength: layer.inputs, rows: 0..<r, columns: 0..<layer.inputs, into: &down,
          offset: column * layer.inputs, stride: layer.inputs, scale: 1)
        column += r
      } else {
        let factors = try adapter.factors(of: part.module)
        for i in 0..<layer.outputs {
          for k in 0..<factors.rank { up[i * rank + column + k] = Number(factors.up[i, k] * scale) }
        }
        for k in 0..<factors.rank {
          for j in 0..<layer.inputs { down[(column + k) * layer.inputs + j] = Number(factors.down[k, j]) }
        }
        column += factors.rank
      }
    }
  }
}
