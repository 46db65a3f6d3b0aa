import LinearAlgebra

/// How the LoRAs agree on the sign of an element.
public enum SignElection: String, Sendable, CaseIterable {
  /// The sign of the sum: strong elements count for more.
  case total
  /// The sign that most have.
  case frequency

  /// The elected signs, 1 or -1.
  ///
  /// A draw of votes is decided by the sum, so that turning an axis round turns every result with it; in the other
  /// spaces, whose axes are given, it is 1 as in PEFT. A sum of zero is 1.
  func signs(_ matrices: [Matrix], space: ElementSpace = .core) -> [Double] {
    guard let first = matrices.first else { return [] }
    var sums = [Double](repeating: 0, count: first.elements.count)
    var votes = sums
    for matrix in matrices {
      for (index, value) in matrix.elements.enumerated() {
        sums[index] += value
        votes[index] += Self.sign(value)
      }
    }
    return zip(sums, votes).map { sum, vote in
      if self == .frequency, vote != 0 || space != .core { return vote < 0 ? -1 : 1 }
      return sum < 0 ? -1 : 1
    }
  }

  /// The weighted mean of the elements that have the elected sign: their weighted sum over their number.
  ///
  /// The election is among the unweighted elements and the mean is over the count, not the weights, as in PEFT.
  func disjointMean(_ matrices: [Matrix], strengths: [Double], space: ElementSpace) -> Matrix {
    let elected = signs(matrices, space: space)
    var sums = [Double](repeating: 0, count: elected.count)
    var counts = sums
    for (matrix, strength) in zip(matrices, strengths) {
      for (index, value) in matrix.elements.enumerated() where Self.sign(value) == elected[index] {
        sums[index] += strength * value
        counts[index] += 1
      }
    }
    return Matrix(
      rows: matrices[0].rows, columns: matrices[0].columns, elements: zip(sums, counts).map { $0 / max(1, $1) })
  }

  static func sign(_ value: Double) -> Double { value > 0 ? 1 : value < 0 ? -1 : 0 }
}
