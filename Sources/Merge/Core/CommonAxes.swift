import LinearAlgebra

/// Axes for methods that look at single elements, which mean something only in fixed directions.
///
/// `U` holds the eigenvectors of `Σ MᵢMᵢᵀ`, `V` those of `Σ MᵢᵀMᵢ`, by falling energy: the directions that the LoRAs
/// together write to, and read. They do not depend on the order of the LoRAs, nor on how each ΔW is split into factors,
/// as the axes of a QR decomposition would.
struct CommonAxes {
  /// `U`, `[p, k]`.
  var outputs: Matrix
  /// `V`, `[q, l]`.
  var inputs: Matrix

  /// The axes of the cores, without directions that hold less than 1e-13 of the most energetic one's energy.
  init(_ cores: [Matrix]) throws(LinearAlgebraError) {
    outputs = try Self.axes(cores.map(\.rowGram))
    inputs = try Self.axes(cores.map(\.columnGram))
  }

  /// A core in these axes, `[k, l]`.
  func along(_ core: Matrix) -> Matrix { outputs.transposedTimes(core).times(inputs) }

  /// A core given in these axes, in the layer's coordinates.
  func back(_ core: Matrix) -> Matrix { outputs.times(core).timesTransposed(inputs) }

  private static func axes(_ grams: [Matrix]) throws(LinearAlgebraError) -> Matrix {
    var sum = grams[0]
    for gram in grams.dropFirst() { sum = sum + gram }
    let (values, vectors) = try sum.symmetricEigen()
    let largest = values.last ?? 0
    let kept = values.indices.reversed().filter { values[$0] > 0 && values[$0] > largest * 1e-13 }
    var result = Matrix(rows: sum.rows, columns: kept.count)
    for (column, index) in kept.enumerated() {
      for row in 0..<sum.rows { result[row, column] = vectors[row, index] }
    }
    return result
  }
}
