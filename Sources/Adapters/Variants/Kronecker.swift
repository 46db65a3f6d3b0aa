import LinearAlgebra

/// The exact factors of LoKr.
enum Kronecker {
  /// The factors of `(a.up · a.down) ⊗ (b.up · b.down) = (a.up ⊗ b.up) · (a.down ⊗ b.down)`.
  static func product(_ a: LowRank, _ b: LowRank) -> LowRank {
    LowRank(up: product(a.up, b.up), down: product(a.down, b.down))
  }

  /// The Kronecker product of two matrices.
  static func product(_ a: Matrix, _ b: Matrix) -> Matrix {
    var elements: [Double] = []
    elements.reserveCapacity(a.elements.count * b.elements.count)
    for i in 0..<a.rows {
      for k in 0..<b.rows {
        for j in 0..<a.columns {
          let x = a[i, j]
          for l in 0..<b.columns { elements.append(x * b[k, l]) }
        }
      }
    }
    return Matrix(rows: a.rows * b.rows, columns: a.columns * b.columns, elements: elements)
  }
}
