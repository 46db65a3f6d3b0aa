import LinearAlgebra

/// A layer of the result, rounded and ready to be written.
struct MergedLayer: Sendable {
  var down: [UInt8]
  var up: [UInt8]
  /// The squared norms of the exact sum, of what truncation discarded, and of what is missing in the stored bytes
  /// (nil unless verified).
  var energy: Double
  var discarded: Double
  var residual: Double?
}

/// The factors of a merged layer before rounding; the product times `alpha / rank` is the result.
struct MergedFactors {
  /// A factor's elements, row after row.
  enum Elements {
    /// Numbers that are still to be rounded to the result's format.
    case values([Float])
    /// Bytes in the result's format; all values are finite.
    case bytes([UInt8])
  }

  /// `[out, rank]`.
  var up: Elements
  /// `[rank, in]`.
  var down: Elements
  var energy: Double
  var discarded: Double
}

extension MergedFactors {
  /// Factors of a planned rank; where the product has less, the rest is zero.
  init(_ product: LowRank, rank: Int, energy: Double, discarded: Double) {
    let missing = rank - product.rank
    let up = missing > 0 ? Matrix.beside([product.up, Matrix(rows: product.outputs, columns: missing)]) : product.up
    let down =
      missing > 0 ? Matrix.stacked([product.down, Matrix(rows: missing, columns: product.inputs)]) : product.down
    self.init(
      up: .values(up.elements.map(Float.init)), down: .values(down.elements.map(Float.init)), energy: energy,
      discarded: discarded)
  }
}
