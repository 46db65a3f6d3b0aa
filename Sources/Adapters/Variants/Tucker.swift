import LinearAlgebra

/// The three-way factorisation of a convolution (Tucker, or CP in LyCORIS' words).
enum Tucker {
  /// Multiplies a small kernel into its input factor: `[r, s, k…]` and `[s, in]` make `[r, in · k]`, so that the
  /// layer becomes an ordinary pair of factors of the same rank.
  ///
  /// The identity: `ΔW[o, i, k] = Σ up[o, p] · mid[p, q, k] · down[q, i]` (LyCORIS `functional/general.py`,
  /// `rebuild_tucker`); the sum over `q` comes first.
  ///
  /// - Parameters:
  ///   - middle: the kernel as `[r, s · k]`, in memory order `[r, s, k]`.
  ///   - input: `[s, in]`.
  static func expanded(_ middle: Matrix, _ input: Matrix) -> Matrix {
    let (r, s) = (middle.rows, input.rows)
    let k = middle.columns / s
    // [r, s, k] → [r · k, s], so that one product contracts s.
    var rearranged = Matrix(rows: r * k, columns: s)
    for p in 0..<r {
      for q in 0..<s {
        for e in 0..<k { rearranged[p * k + e, q] = middle[p, q * k + e] }
      }
    }
    let product = rearranged.times(input)  // [r · k, in]
    var result = Matrix(rows: r, columns: input.columns * k)
    for p in 0..<r {
      for e in 0..<k {
        for i in 0..<input.columns { result[p, i * k + e] = product[p * k + e, i] }
      }
    }
    return result
  }
}
