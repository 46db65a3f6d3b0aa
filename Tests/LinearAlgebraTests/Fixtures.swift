import Foundation
import LinearAlgebra

/// Matrices whose decompositions are known by formula, so that no test compares the library with itself.
enum Known {
  /// The orthonormal vectors of the discrete cosine transform, `[size, count]`, columns `first` and following.
  static func cosines(_ size: Int, _ count: Int, first: Int = 0) -> Matrix {
    var result = Matrix(rows: size, columns: count)
    for k in 0..<count {
      let frequency = Double(first + k)
      let scale = (frequency == 0 ? 1 / Double(size) : 2 / Double(size)).squareRoot()
      for i in 0..<size { result[i, k] = scale * cos(.pi * (Double(i) + 0.5) * frequency / Double(size)) }
    }
    return result
  }

  /// `U diag(values) Vᵀ` with cosine vectors: `values` are its singular values in exact arithmetic.
  static func planted(_ rows: Int, _ columns: Int, _ values: [Double]) -> Matrix {
    cosines(rows, values.count).scalingColumns(by: values).timesTransposed(cosines(columns, values.count))
  }

  /// Seeded numbers from -0.5 to 0.5.
  static func noise(_ rows: Int, _ columns: Int, seed: UInt64 = 1) -> Matrix {
    var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
    return Matrix(
      rows: rows, columns: columns,
      elements: (0..<rows * columns).map { _ in
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return Double(state >> 11) / Double(UInt64(1) << 53) - 0.5
      })
  }

  /// The product by its definition, in three loops.
  static func product(_ a: Matrix, _ b: Matrix) -> Matrix {
    var result = Matrix(rows: a.rows, columns: b.columns)
    for i in 0..<a.rows {
      for j in 0..<b.columns { result[i, j] = (0..<a.columns).reduce(0) { $0 + a[i, $1] * b[$1, j] } }
    }
    return result
  }

  /// The greatest difference of corresponding elements.
  static func distance(_ a: Matrix, _ b: Matrix) -> Double {
    precondition(a.rows == b.rows && a.columns == b.columns)
    return zip(a.elements, b.elements).reduce(0) { max($0, abs($1.0 - $1.1)) }
  }

  /// How far columns are from orthonormal.
  static func defect(_ q: Matrix) -> Double { distance(q.transposedTimes(q), .identity(q.columns)) }

  /// A matrix with one element that is not a number.
  static func damaged(_ rows: Int, _ columns: Int, _ value: Double = .nan) -> Matrix {
    var result = noise(rows, columns)
    result[rows - 1, columns - 1] = value
    return result
  }
}
