import LinearAlgebra

/// The exact factors of LoHa: an elementwise product of two low-rank matrices has rank at most the product of
/// their ranks.
enum KhatriRao {
  /// The factors of `(a.up · a.down) ∘ (b.up · b.down)`: column `(p, q)` of the result's left factor is the
  /// elementwise product of columns `p` and `q` (the face-splitting product), and likewise the rows of the right.
  static func product(_ a: LowRank, _ b: LowRank) -> LowRank {
    LowRank(up: columnPairs(a.up, b.up), down: rowPairs(a.down, b.down))
  }

  private static func columnPairs(_ a: Matrix, _ b: Matrix) -> Matrix {
    var elements: [Double] = []
    elements.reserveCapacity(a.rows * a.columns * b.columns)
    for i in 0..<a.rows {
      for p in 0..<a.columns {
        let x = a[i, p]
        for q in 0..<b.columns { elements.append(x * b[i, q]) }
      }
    }
    return Matrix(rows: a.rows, columns: a.columns * b.columns, elements: elements)
  }

  private static func rowPairs(_ a: Matrix, _ b: Matrix) -> Matrix {
    var elements: [Double] = []
    elements.reserveCapacity(a.rows * b.rows * a.columns)
    for p in 0..<a.rows {
      for q in 0..<b.rows {
        for j in 0..<a.columns { elements.append(a[p, j] * b[q, j]) }
      }
    }
    return Matrix(rows: a.rows * b.rows, columns: a.columns, elements: elements)
  }
}
