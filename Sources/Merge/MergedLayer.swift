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
  /// `[out, rank]`.
  var up: [Float]
  /// `[rank, in]`.
  var down: [Float]
  var energy: Double
  var discarded: Double
}
