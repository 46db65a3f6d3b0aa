public import LinearAlgebra

/// An orthogonal change of a weight's outputs or inputs in blocks (OFT), or in several such stages with the features
/// rearranged between them (BOFT), and then a factor for each output.
///
/// At a strength `s` every block is `s R + (1 - s)`, as in LyCORIS and sd-scripts, and the factor `1 + s (f - 1)`;
/// LyCORIS leaves the factor whole at every strength.
public struct Rotation: Sendable {
  /// One multiplication by a matrix that is zero outside its diagonal blocks.
  public struct Stage: Sendable {
    /// The blocks `[b, b]`, down the diagonal; a single one stands for all.
    public var blocks: [Matrix]
    /// The features in the order in which the blocks take them; nil for their own.
    public var order: [Int]?

    /// `M · matrix`, where `M` is the stage's matrix.
    func applied(to matrix: Matrix, strength: Double) -> Matrix {
      guard let size = blocks.first?.rows, size > 0 else { return matrix }
      let input = order.map(matrix.gatheringRows) ?? matrix
      let results = (0..<matrix.rows / size).map { index in
        let block = blocks[blocks.count == 1 ? 0 : index]
        let own =
          strength == 1 ? block : block.scaled(by: strength) + Matrix.identity(size).scaled(by: 1 - strength)
        return own.times(input.block(rows: index * size..<(index + 1) * size, columns: 0..<matrix.columns))
      }
      let output = Matrix.stacked(results)
      guard let order else { return output }
      var inverse = Array(repeating: 0, count: order.count)
      for (place, feature) in order.enumerated() { inverse[feature] = place }
      return output.gatheringRows(inverse)
    }
  }

  /// Which features are rotated: those of the outputs, or the elements of the rows, channels times kernel.
  public var side: MagnitudeAxis
  /// The stages, in the order in which they are applied.
  public var stages: [Stage]
  /// The factors of the outputs; nil for none.
  public var factors: [Double]?

  /// The changed weight, `[out, in · kernel]`.
  func applied(to weight: Matrix, strength: Double) -> Matrix {
    var result = side == .outputs ? weight : weight.transposed
    for stage in stages { result = stage.applied(to: result, strength: strength) }
    if side == .inputs { result = result.transposed }
    guard let factors else { return result }
    return result.scalingRows(by: factors.map { 1 + strength * ($0 - 1) })
  }
}

extension Matrix {
  /// The rows in another order.
  fileprivate func gatheringRows(_ order: [Int]) -> Matrix {
    var gathered: [Double] = []
    gathered.reserveCapacity(order.count * columns)
    for row in order { gathered += elements[row * columns..<(row + 1) * columns] }
    return Matrix(rows: order.count, columns: columns, elements: gathered)
  }
}

/// Orders of features between the stages of BOFT.
enum Butterfly {
  /// LyCORIS: before stage `i`, features of `2 · width` in a row, with `width = 2ⁱ · b / 2`, are dealt out in pairs
  /// `width` apart.
  static func dealt(_ count: Int, width: Int) -> [Int] {
    (0..<count).map { place in
      let (group, rest) = place.quotientAndRemainder(dividingBy: 2 * width)
      return group * 2 * width + (rest % 2) * width + rest / 2
    }
  }

  /// PEFT: groups of `count / blocks` features, in each of them the pieces of `piece` at even places before those at odd
  /// ones; and the result's own inverse, because PEFT's matrix gathers after the blocks.
  static func sorted(_ count: Int, blocks: Int, piece: Int) -> [Int] {
    let group = count / blocks
    let steps = Array(stride(from: 0, to: group / piece, by: 2)) + Array(stride(from: 1, to: group / piece, by: 2))
    var order = Array(repeating: 0, count: count)
    for start in stride(from: 0, to: count, by: group) {
      for (place, step) in steps.enumerated() {
        for e in 0..<piece { order[start + step * piece + e] = start + place * piece + e }
      }
    }
    return order
  }
}
