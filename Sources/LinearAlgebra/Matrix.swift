/// A dense row-major matrix of doubles.
///
/// Weights are stored in half precision, but every scalar of a diagnosis is a small difference of large sums,
/// so all algebra is done in doubles.
public struct Matrix: Sendable, Equatable {
  /// The number of rows.
  public let rows: Int
  /// The number of columns.
  public let columns: Int
  /// The elements, row after row; `rows * columns` of them.
  public private(set) var elements: [Double]

  /// Creates a matrix from its elements, row after row.
  public init(rows: Int, columns: Int, elements: [Double]) {
    precondition(rows >= 0 && columns >= 0 && elements.count == rows * columns, "elements do not fill the shape")
    self.rows = rows
    self.columns = columns
    self.elements = elements
  }

  /// Creates a matrix of zeros.
  public init(rows: Int, columns: Int) {
    self.init(rows: rows, columns: columns, elements: Array(repeating: 0, count: rows * columns))
  }

  /// The identity of a size.
  public static func identity(_ size: Int) -> Matrix {
    var result = Matrix(rows: size, columns: size)
    for i in 0..<size { result[i, i] = 1 }
    return result
  }

  /// A diagonal matrix.
  public static func diagonal(_ values: [Double]) -> Matrix {
    var result = Matrix(rows: values.count, columns: values.count)
    for (i, value) in values.enumerated() { result[i, i] = value }
    return result
  }

  /// The element in a row and a column.
  public subscript(row: Int, column: Int) -> Double {
    get { elements[row * columns + column] }
    set { elements[row * columns + column] = newValue }
  }

  /// The matrix with rows and columns exchanged.
  public var transposed: Matrix {
    var result = [Double](repeating: 0, count: elements.count)
    for i in 0..<rows {
      for j in 0..<columns { result[j * rows + i] = elements[i * columns + j] }
    }
    return Matrix(rows: columns, columns: rows, elements: result)
  }

  /// The block with these rows and columns.
  public func block(rows rowRange: Range<Int>, columns columnRange: Range<Int>) -> Matrix {
    precondition(rowRange.upperBound <= rows && columnRange.upperBound <= columns, "a block outside the matrix")
    var result: [Double] = []
    result.reserveCapacity(rowRange.count * columnRange.count)
    for i in rowRange {
      result += elements[i * columns + columnRange.lowerBound..<i * columns + columnRange.upperBound]
    }
    return Matrix(rows: rowRange.count, columns: columnRange.count, elements: result)
  }

  /// The first `count` columns.
  public func firstColumns(_ count: Int) -> Matrix { block(rows: 0..<rows, columns: 0..<count) }

  /// The first `count` rows.
  public func firstRows(_ count: Int) -> Matrix {
    Matrix(rows: count, columns: columns, elements: Array(elements[..<(count * columns)]))
  }

  /// This matrix with every element multiplied by a number.
  public func scaled(by factor: Double) -> Matrix {
    Matrix(rows: rows, columns: columns, elements: elements.map { $0 * factor })
  }

  /// This matrix with each column multiplied by a number of its own.
  public func scalingColumns(by factors: [Double]) -> Matrix {
    precondition(factors.count == columns, "one factor per column")
    var result = self
    for i in 0..<rows {
      for j in 0..<columns { result.elements[i * columns + j] *= factors[j] }
    }
    return result
  }

  /// This matrix with each row multiplied by a number of its own.
  public func scalingRows(by factors: [Double]) -> Matrix {
    precondition(factors.count == rows, "one factor per row")
    var result = self
    for i in 0..<rows {
      for j in 0..<columns { result.elements[i * columns + j] *= factors[i] }
    }
    return result
  }

  /// Matrices with the same number of rows, side by side.
  public static func beside(_ blocks: [Matrix]) -> Matrix {
    let rows = blocks.first?.rows ?? 0
    precondition(blocks.allSatisfy { $0.rows == rows }, "blocks of different heights")
    let columns = blocks.reduce(0) { $0 + $1.columns }
    var result: [Double] = []
    result.reserveCapacity(rows * columns)
    for i in 0..<rows {
      for block in blocks { result += block.elements[i * block.columns..<(i + 1) * block.columns] }
    }
    return Matrix(rows: rows, columns: columns, elements: result)
  }

  /// Matrices with the same number of columns, one below the other.
  public static func stacked(_ blocks: [Matrix]) -> Matrix {
    let columns = blocks.first?.columns ?? 0
    precondition(blocks.allSatisfy { $0.columns == columns }, "blocks of different widths")
    return Matrix(
      rows: blocks.reduce(0) { $0 + $1.rows }, columns: columns, elements: blocks.flatMap { $0.elements })
  }

  /// The sum of two matrices of one shape.
  public static func + (a: Matrix, b: Matrix) -> Matrix {
    precondition(a.rows == b.rows && a.columns == b.columns, "shapes differ")
    return Matrix(rows: a.rows, columns: a.columns, elements: zip(a.elements, b.elements).map { $0 + $1 })
  }

  /// The difference of two matrices of one shape.
  public static func - (a: Matrix, b: Matrix) -> Matrix {
    precondition(a.rows == b.rows && a.columns == b.columns, "shapes differ")
    return Matrix(rows: a.rows, columns: a.columns, elements: zip(a.elements, b.elements).map { $0 - $1 })
  }

  /// Whether every element is finite.
  public var isFinite: Bool { elements.allSatisfy { $0.isFinite } }
}
