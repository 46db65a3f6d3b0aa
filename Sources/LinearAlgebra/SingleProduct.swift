import COpenBLAS

/// A product of two thin factors in single precision, for weights that are stored in single precision at best.
public struct SingleProduct: Sendable {
  /// `[rows, rank]`.
  public let up: [Float]
  /// `[rank, columns]`.
  public let down: [Float]
  /// The inner dimension.
  public let rank: Int

  /// Creates a product; the factors' counts must be multiples of the rank, which must be above zero.
  public init(up: [Float], down: [Float], rank: Int) {
    precondition(rank > 0 && up.count % rank == 0 && down.count % rank == 0, "factors that do not fit the rank")
    self.up = up
    self.down = down
    self.rank = rank
  }

  /// The number of rows.
  public var rows: Int { up.count / rank }
  /// The number of columns.
  public var columns: Int { down.count / rank }

  /// Adds `scale · up · down` to a row-major matrix of the same width, from row `firstRow` on.
  ///
  /// The corresponding C function is `cblas_sgemm`.
  /// - Parameters:
  ///   - target: the matrix.
  ///   - firstRow: the matrix' row that the first row of the product is added to.
  ///   - part: which of the product's rows; all without it.
  ///   - scale: multiplies the product.
  public func add(to target: inout [Float], firstRow: Int = 0, part: Range<Int>? = nil, scale: Float) {
    let part = part ?? 0..<rows
    precondition(part.lowerBound >= 0 && part.upperBound <= rows, "rows outside the product")
    precondition(firstRow >= 0 && (firstRow + part.count) * columns <= target.count, "rows outside the matrix")
    guard !part.isEmpty, columns > 0 else { return }
    let (m, n, k) = (blasint(part.count), blasint(columns), blasint(rank))
    unsafe target.withUnsafeMutableBufferPointer { buffer in
      unsafe up.withUnsafeBufferPointer { factor in
        guard let start = buffer.baseAddress, let first = factor.baseAddress else { return }
        unsafe cblas_sgemm(
          CblasRowMajor, CblasNoTrans, CblasNoTrans, m, n, k, scale, first + part.lowerBound * rank, k, down, n, 1,
          start + firstRow * columns, n)
      }
    }
  }
}
