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
  public func add(to target: inout [Float], firstRow: Int = 0, scale: Float) {
    precondition(firstRow >= 0 && (firstRow + rows) * columns <= target.count, "rows outside the matrix")
    guard rows > 0, columns > 0 else { return }
    let (m, n, k) = (blasint(rows), blasint(columns), blasint(rank))
    unsafe target.withUnsafeMutableBufferPointer { buffer in
      guard let start = buffer.baseAddress else { return }
      unsafe cblas_sgemm(
        CblasRowMajor, CblasNoTrans, CblasNoTrans, m, n, k, scale, up, k, down, n, 1, start + firstRow * columns, n)
    }
  }
}
