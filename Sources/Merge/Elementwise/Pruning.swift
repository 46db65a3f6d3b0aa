import LinearAlgebra

/// Which elements of a matrix stay, and what becomes of those that do.
///
/// Ties of magnitude fall in row order: where two elements are equally large, the earlier one stays.
enum Pruning {
  /// Keeps the `⌊density · count⌋` largest elements by magnitude.
  static func magnitude(_ matrix: Matrix, density: Double) -> Matrix {
    guard density < 1 else { return matrix }
    return keeping(matrix, Largest(matrix.elements, count: Int(density * Double(matrix.elements.count))).isAmong)
  }

  /// Drops the `⌊γ · count⌋` largest, then the smallest until `⌊density · count⌋` are left.
  ///
  /// When that is more than there are, fewer of the largest are dropped.
  static func outliers(_ matrix: Matrix, density: Double, gamma: Double) -> Matrix {
    guard density < 1 else { return matrix }
    let count = matrix.elements.count
    let kept = Int(density * Double(count))
    let top = min(Int(gamma * Double(count)), count - kept)
    let (outliers, rest) = (Largest(matrix.elements, count: top), Largest(matrix.elements, count: top + kept))
    return keeping(matrix, zip(outliers.isAmong, rest.isAmong).map { !$0 && $1 })
  }

  /// Keeps each element with its own probability and divides what stays by it, so that the mean is unchanged.
  ///
  /// - Parameter probabilities: row after row, each above 0.
  static func random(_ matrix: Matrix, probabilities: [Double], uniform: () -> Double) -> Matrix {
    Matrix(
      rows: matrix.rows, columns: matrix.columns,
      elements: zip(matrix.elements, probabilities).map { value, p in uniform() < p ? value / p : 0 })
  }

  /// The keeping probabilities of DELLA: within each row from `density - ε` for the smallest to `density + ε` for the
  /// largest, evenly by rank.
  static func rankProbabilities(_ matrix: Matrix, density: Double, epsilon: Double) -> [Double] {
    var result: [Double] = []
    result.reserveCapacity(matrix.elements.count)
    for row in 0..<matrix.rows {
      let values = Array(matrix.elements[row * matrix.columns..<(row + 1) * matrix.columns])
      var probabilities = [Double](repeating: density, count: values.count)
      if values.count > 1 {
        for (rank, index) in order(values).reversed().enumerated() {
          probabilities[index] = density - epsilon + 2 * epsilon * Double(rank) / Double(values.count - 1)
        }
      }
      result += probabilities
    }
    return result
  }

  /// Indices by falling magnitude, the earlier first among equals.
  private static func order(_ values: [Double]) -> [Int] {
    values.indices.sorted { (abs(values[$0]), $1) > (abs(values[$1]), $0) }
  }

  private static func keeping(_ matrix: Matrix, _ isKept: [Bool]) -> Matrix {
    Matrix(
      rows: matrix.rows, columns: matrix.columns,
      elements: zip(matrix.elements, isKept).map { value, isKept in isKept ? value : 0 })
  }
}
