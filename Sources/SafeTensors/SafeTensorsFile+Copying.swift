extension SafeTensorsFile {
  /// Copies a tensor's bytes, seen as a matrix, into the columns of a larger row-major matrix of the same dtype.
  ///
  /// - Parameters:
  ///   - tensor: one of this file's tensors, of a dtype of whole bytes.
  ///   - rows: the number of rows of the tensor seen as a matrix.
  ///   - target: the bytes of the larger matrix.
  ///   - offset: the index in `target` of the first byte.
  ///   - stride: the bytes of a row of the larger matrix.
  package func copyRows(
    _ tensor: TensorInfo, rows: Int, into target: inout [UInt8], offset: Int, stride: Int
  ) throws(SafeTensorsError) {
    guard rows > 0, !tensor.range.isEmpty else { return }
    try withBytes(of: tensor) { SafeTensors.copyRows($0, rows: rows, into: &target, offset: offset, stride: stride) }
  }
}

/// Copies the rows of a matrix held as bytes into the columns of a larger one; lengths in bytes.
package func copyRows(_ source: [UInt8], rows: Int, into target: inout [UInt8], offset: Int, stride: Int) {
  copyRows(unsafe source.span.bytes, rows: rows, into: &target, offset: offset, stride: stride)
}

/// Copies the rows of a matrix into the columns of a larger one; lengths in bytes.
private func copyRows(_ source: RawSpan, rows: Int, into target: inout [UInt8], offset: Int, stride: Int) {
  guard rows > 0, source.byteCount > 0 else { return }
  let length = source.byteCount / rows
  precondition(length * rows == source.byteCount && length <= stride && offset >= 0, "rows that do not fit")
  precondition(offset + (rows - 1) * stride + length <= target.count, "rows outside the matrix")
  unsafe source.withUnsafeBytes { from in
    unsafe target.withUnsafeMutableBytes { to in
      if length == stride {
        unsafe UnsafeMutableRawBufferPointer(rebasing: to[offset..<offset + from.count]).copyMemory(from: from)
        return
      }
      for row in 0..<rows {
        let part = unsafe UnsafeRawBufferPointer(rebasing: from[row * length..<(row + 1) * length])
        unsafe UnsafeMutableRawBufferPointer(
          rebasing: to[offset + row * stride..<offset + row * stride + length]
        ).copyMemory(from: part)
      }
    }
  }
}
