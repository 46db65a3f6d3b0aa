import Adapters
import LinearAlgebra
import SafeTensors

/// A layer's difference as two factors, rounded and ready to be written.
///
/// The best factors of the rank are found by a randomised decomposition (Halko, Martinsson and Tropp 2011) with ten
/// more directions than asked for and two power iterations. The sketch is seeded by the layer's name, so that the same
/// models always give the same file.
struct ExtractedLayer: Sendable {
  var down: [UInt8]
  var up: [UInt8]
  /// `‖difference‖²`, and how much of it the factors hold.
  var energy: Double
  var captured: Double
  /// `‖difference - stored‖²` from the bytes; nil unless verified.
  var residual: Double?

  init(_ layer: ExtractPlan.Layer, _ recipe: ExtractRecipe) throws {
    let difference = try Self.difference(layer, recipe)
    let (product, captured): (LowRank, Double)
    do {
      (product, captured) = try difference.randomisedFactors(rank: layer.rank, seed: Self.seed(layer.path))
    } catch .nonFinite {
      throw SafeTensorsError(
        path: recipe.tuned.path, rule: .nonFinite, tensor: layer.tuned.tensor.name,
        detail: "it or its counterpart in \(recipe.base.path) has NaN or infinite values; the file is damaged")
    }
    func rounded(_ matrix: Matrix, _ key: String) throws(MergeError) -> [UInt8] {
      let (bytes, bad) = recipe.dtype.narrowed(matrix.elements.map(Float.init))
      guard bad == 0 else {
        throw MergeError(
          path: key, rule: .overflow,
          detail: "\(bad) values are too large for \(recipe.dtype.rawValue); write F32 or BF16 with --dtype")
      }
      return bytes
    }
    down = try rounded(product.down, layer.keys.down)
    up = try rounded(product.up, layer.keys.up)
    energy = difference.squaredNorm
    self.captured = min(captured, energy)
    if recipe.verifies {
      residual = Self.residual(of: difference, up: up, down: down, rank: layer.rank, dtype: recipe.dtype)
    }
  }

  /// `‖difference - up · down‖²` of stored factors, whose alpha is their rank, element by element in doubles.
  static func residual(of difference: Matrix, up: [UInt8], down: [UInt8], rank: Int, dtype: DType) -> Double {
    let up = Matrix(rows: difference.rows, columns: rank, elements: dtype.widened(up))
    let down = Matrix(rows: rank, columns: difference.columns, elements: dtype.widened(down))
    return (difference - up.times(down)).squaredNorm
  }

  /// Whether a layer's weight has any other value in the tuned model.
  static func differs(_ layer: ExtractPlan.Layer, _ recipe: ExtractRecipe) throws -> Bool {
    let (base, tuned) = (layer.base, layer.tuned)
    if base.tensor.dtype == tuned.tensor.dtype, base.third == nil, tuned.third == nil,
      base.isTransposed == tuned.isTransposed,
      try recipe.base.files[base.file].file.read(base.tensor) == recipe.tuned.files[tuned.file].file.read(tuned.tensor)
    {
      return false
    }
    return try difference(layer, recipe).elements.contains { $0 != 0 }
  }

  /// The tuned weight less the base's, `[out, in · kernel]`.
  ///
  /// Where one model is stored coarser than the other, both are first rounded to the coarser format: what rounding did
  /// is no training.
  static func difference(_ layer: ExtractPlan.Layer, _ recipe: ExtractRecipe) throws -> Matrix {
    let formats = [layer.base.tensor.dtype, layer.tuned.tensor.dtype]
    let coarser = formats[0].unitRoundoff < formats[1].unitRoundoff ? formats[1] : formats[0]
    func weight(_ checkpoint: Checkpoint, _ place: CheckpointPlace) throws -> Matrix {
      let file = checkpoint.files[place.file].file
      var values = try file.readDoubles(place.tensor)
      if place.tensor.dtype.unitRoundoff < coarser.unitRoundoff, DType.writable.contains(coarser) {
        values = coarser.widened(coarser.narrowed(values.map(Float.init)).bytes)
      }
      guard let rows = place.rows else { return Matrix(rows: 0, columns: place.columns) }
      let stored = Matrix(
        rows: rows.count, columns: place.columns,
        elements: Array(values[rows.lowerBound * place.columns..<rows.upperBound * place.columns]))
      return place.isTransposed ? stored.transposed : stored
    }
    return try weight(recipe.tuned, layer.tuned) - weight(recipe.base, layer.base)
  }

  /// FNV-1a of the layer's name.
  private static func seed(_ path: ModulePath) -> UInt64 {
    path.description.utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01B3 }
  }
}
