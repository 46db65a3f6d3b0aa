import LinearAlgebra

/// How well row `i` of one LoRA's down factor agrees with row `i` of the other's.
///
/// Trainers draw `lora_down` at random from a seed and start `lora_up` at zero. Two runs with one seed start
/// from the same rows, and training moves them little; then row `i` resembles row `i` and no other, which no
/// learning brings about. Rows of independent runs have cosines of mean 0 and variance 1/in.
struct InitialisationTerms: Sendable {
  /// Sum of the cosines of corresponding rows, each times `√in`: under the null, of variance 1 each.
  var aligned = 0.0
  /// Sum of the cosines themselves.
  var cosines = 0.0
  /// Sum of the cosines of all other pairs of rows.
  var others = 0.0
  /// Sum of the cosines of corresponding columns of the up factors, where both are nonzero.
  var upCosines = 0.0
  var rows = 0.0
  var otherPairs = 0.0
  var upColumns = 0.0

  init() {}

  init(cross: Matrix, a: Matrix, b: Matrix, upCross: Matrix, upA: Matrix, upB: Matrix, inputs: Int) {
    guard cross.rows == cross.columns else { return }
    for i in 0..<cross.rows {
      for j in 0..<cross.columns {
        let norm = (a[i, i] * b[j, j]).squareRoot()
        guard norm > 0 else { continue }
        let cosine = cross[i, j] / norm
        if i == j {
          aligned += cosine * Double(inputs).squareRoot()
          cosines += cosine
          rows += 1
        } else {
          others += cosine
          otherPairs += 1
        }
      }
      let upNorm = (upA[i, i] * upB[i, i]).squareRoot()
      if upNorm > 0 {
        upCosines += upCross[i, i] / upNorm
        upColumns += 1
      }
    }
  }

  static func + (a: InitialisationTerms, b: InitialisationTerms) -> InitialisationTerms {
    var sum = InitialisationTerms()
    sum.aligned = a.aligned + b.aligned
    sum.cosines = a.cosines + b.cosines
    sum.others = a.others + b.others
    sum.upCosines = a.upCosines + b.upCosines
    sum.rows = a.rows + b.rows
    sum.otherPairs = a.otherPairs + b.otherPairs
    sum.upColumns = a.upColumns + b.upColumns
    return sum
  }
}
