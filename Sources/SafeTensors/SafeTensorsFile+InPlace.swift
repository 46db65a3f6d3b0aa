import CKernels

// For memory that somebody else owns and that is as large as the file: neither a copy in between, nor pages of the
// mapping, which count as the process' own.
extension SafeTensorsFile {
  /// Reads bytes of a tensor straight into memory.
  ///
  /// - Parameters:
  ///   - tensor: one of this file's tensors.
  ///   - bytes: which of the tensor's bytes, as many as `target` has room for.
  ///   - target: the memory.
  /// - Throws: ``SafeTensorsError`` with rule `cannotOpen` when the file can no longer be read, and `writerMisuse` for a
  ///   range outside the tensor or of another size than the target.
  package func read(
    _ tensor: TensorInfo, bytes: Range<Int>, into target: inout MutableRawSpan
  ) throws(SafeTensorsError) {
    let count = target.byteCount
    guard bytes.lowerBound >= 0, bytes.upperBound <= tensor.range.count, bytes.count == count else {
      throw SafeTensorsError(
        path: path, rule: .writerMisuse, tensor: tensor.name,
        detail: "bytes \(bytes) of \(tensor.range.count) were to be read into memory of \(count)")
    }
    let start = fileRange(of: tensor).lowerBound + bytes.lowerBound
    try unsafe target.withUnsafeMutableBytes { memory throws(SafeTensorsError) in
      unsafe try contents.read(start..<start + count, into: memory)
    }
  }

  /// Widens numbers of a tensor straight into memory as floats, in native byte order.
  ///
  /// - Parameters:
  ///   - tensor: one of this file's tensors, of a dtype with numbers.
  ///   - elements: which of the tensor's numbers; `target` has four bytes for each.
  ///   - target: the memory.
  /// - Throws: as ``read(_:bytes:into:)``, and with rule `notNumeric`.
  package func readFloats(
    _ tensor: TensorInfo, elements: Range<Int>, into target: inout MutableRawSpan
  ) throws(SafeTensorsError) {
    guard let kernel = tensor.dtype.kernel else {
      throw SafeTensorsError(
        path: path, rule: .notNumeric, tensor: tensor.name,
        detail: "\(tensor.dtype.rawValue) has no numbers to widen; only its bytes can be copied")
    }
    let count = target.byteCount
    guard elements.lowerBound >= 0, elements.upperBound <= tensor.count, elements.count * 4 == count else {
      throw SafeTensorsError(
        path: path, rule: .writerMisuse, tensor: tensor.name,
        detail: "numbers \(elements) of \(tensor.count) were to be widened into \(count) bytes")
    }
    let size = tensor.dtype.bitWidth / 8
    let start = fileRange(of: tensor).lowerBound
    var done = 0
    // In pieces, so that the bytes before widening never take as much memory as a tensor.
    while done < elements.count {
      let piece = min(elements.count - done, 1 << 20)
      let first = start + (elements.lowerBound + done) * size
      let bytes = try contents.copy(first..<first + piece * size)
      unsafe target.withUnsafeMutableBytes { room in
        unsafe bytes.withUnsafeBytes { source in
          if let from = source.baseAddress, let to = room.baseAddress {
            let place = unsafe (to + done * 4).assumingMemoryBound(to: Float.self)
            unsafe ck_widen_f32(kernel, from, piece, place, piece, 1, piece, 1)
          }
        }
      }
      done += piece
    }
  }
}
