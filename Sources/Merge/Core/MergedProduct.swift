public import LinearAlgebra

/// What a method makes of a layer, before it is cut to a rank.
public enum MergedProduct: Sendable {
  /// A core, `[p, q]`: the result is `Q_B M Q_A`.
  case core(Matrix)
  /// Factors of the result itself, for methods that leave the span of the inputs.
  case product(LowRank)

  /// The squared norm of the result; the bases are orthonormal.
  var squaredNorm: Double {
    switch self {
    case .core(let matrix): matrix.squaredNorm
    case .product(let product): product.squaredNorm
    }
  }

  /// The result times a number.
  func scaled(by factor: Double) -> MergedProduct {
    switch self {
    case .core(let matrix): .core(matrix.scaled(by: factor))
    case .product(let product): .product(LowRank(up: product.up.scaled(by: factor), down: product.down))
    }
  }

  /// The result as a product of thin factors, `[out, k]` and `[k, in]`.
  func factors(_ layer: CoreLayer) -> LowRank {
    switch self {
    case .core(let matrix): LowRank(up: layer.outputs.lifted(matrix), down: layer.inputs.explicit)
    case .product(let product): product
    }
  }

  /// The best approximation of a rank (Eckart–Young), and the energies discarded and in all.
  func truncated(
    to rank: Int, _ layer: CoreLayer
  ) throws(LinearAlgebraError) -> (product: LowRank, discarded: Double, total: Double) {
    guard case .core(let matrix) = self else { return try factors(layer).truncated(to: rank) }
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
