public import LinearAlgebra

/// What a method makes of a layer, before it is cut to a rank.
public enum MergedProduct: Sendable {
  /// A core, `[p, q]`: the result is `Q_B M Q_A`.
  case core(Matrix)
  /// Factors of the result itself, for methods that leave the span of the inputs.
  case product(LowRank)
  /// The result itself, `[out, in]`, for methods that give it the full rank of the layer.
  case dense(Matrix)

  /// The squared norm of the result; the bases are orthonormal.
  var squaredNorm: Double {
    switch self {
    case .core(let matrix): matrix.squaredNorm
    case .product(let product): product.squaredNorm
    case .dense(let matrix): matrix.squaredNorm
    }
  }

  /// The result times a number.
  func scaled(by factor: Double) -> MergedProduct {
    switch self {
    case .core(let matrix): .core(matrix.scaled(by: factor))
    case .product(let product): .product(LowRank(up: product.up.scaled(by: factor), down: product.down))
    case .dense(let matrix): .dense(matrix.scaled(by: factor))
    }
  }

  /// The result as a product of thin factors, `[out, k]` and `[k, in]`.
  func factors(_ layer: CoreLayer) -> LowRank {
    switch self {
    case .core(let matrix): LowRank(up: layer.outputs.lifted(matrix), down: layer.inputs.explicit)
    case .product(let product): product
    case .dense(let matrix):
      matrix.rows <= matrix.columns
        ? LowRank(up: .identity(matrix.rows), down: matrix) : LowRank(up: matrix, down: .identity(matrix.columns))
    }
  }

  /// The best approximation of a rank (Eckart–Young), and the energies discarded and in all.
  ///
  /// Of a dense result that is cut far below its size, a randomised sketch finds it: at most some thousandths of the
  /// energy worse, and the discarded energy is that of this result, exactly.
  func truncated(
    to rank: Int, _ layer: CoreLayer
  ) throws(LinearAlgebraError) -> (product: LowRank, discarded: Double, total: Double) {
    let matrix: Matrix
    switch self {
    case .product(let product): return try product.truncated(to: rank)
    case .dense(let dense) where rank + 10 < min(dense.rows, dense.columns):
      let (product, energy) = try dense.randomisedFactors(rank: rank, seed: 0)
      return (product, max(0, dense.squaredNorm - energy), dense.squaredNorm)
    case .dense: return try factors(layer).truncated(to: rank)
    case .core(let core): matrix = core
    }
    let svd = try matrix.svd()
    let kept = min(rank, svd.values.count)
    let roots = svd.values[..<kept].map { $0.squareRoot() }
    let energies = svd.values.map { $0 * $0 }
    let product = LowRank(
      up: layer.outputs.lifted(svd.u.firstColumns(kept).scalingColumns(by: roots)),
      down: layer.inputs.lifted(svd.vt.firstRows(kept).scalingRows(by: roots)))
    return (product, energies[kept...].reversed().reduce(0, +), energies.reversed().reduce(0, +))
  }
}
