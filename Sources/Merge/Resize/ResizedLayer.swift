import Adapters
import LinearAlgebra
import SafeTensors

/// A layer cut to its rank, rounded and ready to be written.
///
/// Idea: the closest matrix of a rank (Eckart–Young) from the singular values of the product, which a QR of each thin
/// factor and an SVD of the small core between them give exactly.
///
/// Formula: `up = Q_B P_k √Σ_k`, `down = √Σ_k Q_kᵀ Q_Aᵀ`, `alpha = k`, so the scale is one and the strength is in the
/// factors.
///
/// sd-scripts keeps `alpha / rank` instead. One rule for every dialect was preferred: a rank is what loaders take for
/// an alpha that is missing, so the strength survives tools that drop alphas, and a negative alpha of the original,
/// which some loaders misread, is gone.
struct ResizedLayer: Sendable {
  var down: [UInt8]
  var up: [UInt8]
  /// `‖ΔW - stored‖²` from the bytes; nil unless verified.
  var residual: Double?

  /// - Throws: `AdapterError` when a tensor is not finite, ``MergeError`` when the format cannot hold a value.
  init(_ layer: ResizePlan.Layer, rank: Int, core: CoreSVD, plan: ResizePlan, recipe: ResizeRecipe) throws {
    let exact = try recipe.adapter.factors(of: layer.module)
    let cut = try exact.truncated(to: rank, by: core) ?? exact.truncated(to: rank).product
    let product = Self.padded(cut, to: rank)
    down = try Self.rounded(product.down, layer.keys.down, plan.dtype, recipe)
    up = try Self.rounded(product.up, layer.keys.up, plan.dtype, recipe)
    guard recipe.verifies else { return }
    let stored = LowRank(
      up: Matrix(rows: layer.outputs, columns: rank, elements: plan.dtype.widened(up)),
      down: Matrix(rows: rank, columns: layer.inputs, elements: plan.dtype.widened(down)))
    residual = try exact.squaredDistance(to: stored)
  }

  /// Fewer singular values than ranks: the rest of the factors is zero.
  private static func padded(_ product: LowRank, to rank: Int) -> LowRank {
    let missing = rank - product.rank
    guard missing > 0 else { return product }
    return LowRank(
      up: .beside([product.up, Matrix(rows: product.outputs, columns: missing)]),
      down: .stacked([product.down, Matrix(rows: missing, columns: product.inputs)]))
  }

  private static func rounded(
    _ matrix: Matrix, _ key: String, _ dtype: DType, _ recipe: ResizeRecipe
  ) throws(MergeError) -> [UInt8] {
    let (bytes, bad) = dtype.narrowed(matrix.elements.map(Float.init), policy: recipe.overflow)
    guard bad > 0 else { return bytes }
    throw MergeError(
      path: key, rule: .overflow,
      detail: "\(bad) values are too large for \(dtype.rawValue); write F32 or BF16, or allow clamping with --saturate")
  }
}

extension LowRank {
  /// `‖self - other‖²`.
  ///
  /// The Gram route loses half the digits to cancellation, so a distance below 1e-6 of the norm is measured again
  /// through QR, which keeps them.
  func squaredDistance(to other: LowRank) throws(LinearAlgebraError) -> Double {
    let difference = LowRank.sum([self, LowRank(up: other.up.scaled(by: -1), down: other.down)])
    let quick = difference.squaredNorm
    guard quick < squaredNorm * 1e-12 else { return quick }
    return try difference.up.qrTriangle().timesTransposed(difference.down.transposed.qrTriangle()).squaredNorm
  }
}
