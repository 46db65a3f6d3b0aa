import SafeTensors

/// The sizes of a LoKr layer, `ΔW = scale · W1 ⊗ W2`.
struct LoKrShape {
  /// `[out₁, in₁]`.
  var w1: (rows: Int, columns: Int)
  /// `[out₂, in₂ · kernel]`.
  var w2: (rows: Int, columns: Int)
  var kernel: [Int]
  /// What alpha is divided by: the rank of W2's factors, else that of W1's; 1 when both are whole.
  var divisor: Int
  /// The inner dimension of the exact factors, before any compaction.
  var rank: Int

  var outputs: Int { w1.rows * w2.rows }
  var inputs: Int { w1.columns * w2.columns }

  init?(_ t: [TensorRole: TensorInfo]) {
    func matrix(_ role: TensorRole) -> (rows: Int, columns: Int)? {
      guard let shape = t[role]?.shape, shape.count >= 2, !shape.contains(0) else { return nil }
      return (shape[0], shape.dropFirst().reduce(1, *))
    }
    var inner1: Int?
    var inner2: Int?
    // With a tucker kernel the factors' inner dimension is the kernel's first, and alpha is divided by its second.
    var divisor2: Int?
    if let whole = matrix(.lokrW1) {
      w1 = whole
    } else {
      guard let a = matrix(.lokrW1A), let b = matrix(.lokrW1B), a.columns == b.rows else { return nil }
      w1 = (a.rows, b.columns)
      inner1 = b.rows
    }
    if let whole = matrix(.lokrW2) {
      w2 = whole
      kernel = Array((t[.lokrW2]?.shape ?? []).dropFirst(2))
    } else {
      guard let a = matrix(.lokrW2A), let b = matrix(.lokrW2B) else { return nil }
      (inner2, divisor2) = (b.rows, b.rows)
      if let core = t[.lokrT2]?.shape {
        // Tucker: W2[o, i, k] = Σ t2[p, q, k] · a[p, o] · b[q, i].
        guard core.count > 2, core[0] == a.rows, core[1] == b.rows, !core.contains(0) else { return nil }
        inner2 = core[0]
        kernel = Array(core.dropFirst(2))
        w2 = (a.columns, b.columns * kernel.reduce(1, *))
      } else {
        guard a.columns == b.rows else { return nil }
        w2 = (a.rows, b.columns)
        kernel = Array((t[.lokrW2B]?.shape ?? []).dropFirst(2))
      }
    }
    divisor = divisor2 ?? inner1 ?? 1
    rank = (inner1 ?? min(w1.rows, w1.columns)) * (inner2 ?? min(w2.rows, w2.columns))
  }
}
