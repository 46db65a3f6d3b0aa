import LinearAlgebra

/// Rotations of skew-symmetric matrices.
enum Cayley {
  /// `(I + Q)(I - Q)⁻¹`.
  ///
  /// For a skew `Q` all these matrices commute and `(I - Q)(I + Q) = I + QᵀQ` is positive definite, so that the result is
  /// `(I + QᵀQ)⁻¹ (I + Q)²`.
  static func rotation(_ q: Matrix) throws(LinearAlgebraError) -> Matrix {
    let identity = Matrix.identity(q.rows)
    let sum = identity + q
    return try (identity + q.columnGram).solvingPositive(sum.times(sum))
  }

  /// The series that PEFT takes instead (`use_cayley_neumann`): `I + 2Q + 2Q² + …`, with the last power once.
  ///
  /// - Parameters:
  ///   - terms: PEFT's `num_cayley_neumann_terms`: 5 end at `Q⁴`; 3 and 4 both at `Q³`.
  ///   - isEarly: whether the last power counts twice like the others, as before PEFT 0.18; 3 terms end at `Q²` then.
  static func series(_ q: Matrix, terms: Int, isEarly: Bool = false) -> Matrix {
    var result = Matrix.identity(q.rows)
    guard terms > 1 else { return result }
    result = result + q.scaled(by: 2)
    guard terms > 2 else { return result }
    var power = q.times(q)
    result = result + power.scaled(by: 2)
    for _ in 3..<max(3, isEarly ? terms : terms - 1) {
      power = power.times(q)
      result = result + power.scaled(by: 2)
    }
    return isEarly ? result : result + power.times(q)
  }

  /// `B - Bᵀ`.
  static func skew(_ block: Matrix) -> Matrix { block - block.transposed }

  /// The skew matrix whose upper triangle is stored row after row.
  static func skew(triangle: ArraySlice<Double>, size: Int) -> Matrix {
    var matrix = Matrix(rows: size, columns: size)
    var next = triangle.startIndex
    for i in 0..<size {
      for j in i + 1..<max(i + 1, size) {
        matrix[i, j] = triangle[next]
        matrix[j, i] = -triangle[next]
        next += 1
      }
    }
    return matrix
  }

  /// The size of the matrix whose triangle has so many elements; nil where there is none.
  static func size(triangle count: Int) -> Int? {
    guard count > 0, count < 1 << 40 else { return nil }
    let size = Int((1 + Double(1 + 8 * count).squareRoot()) / 2)
    return [size - 1, size, size + 1].first { $0 > 1 && $0 * ($0 - 1) / 2 == count }
  }
}
