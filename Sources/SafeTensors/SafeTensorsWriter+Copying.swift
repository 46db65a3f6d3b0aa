extension SafeTensorsWriter {
  /// Writes the next tensor with the bytes of a tensor of another file.
  ///
  /// Without hashing, large tensors go from file to file inside the kernel, and are shared where the file system can.
  public mutating func append(
    copying tensor: TensorInfo, from file: SafeTensorsFile
  ) throws(SafeTensorsError) {
    guard hash == nil, tensor.range.count >= Self.pendingLimit / 16, let expected else {
      return try append(file.read(tensor))
    }
    guard expected.range.count == tensor.range.count else {
      throw SafeTensorsError(
        path: path, rule: .writerMisuse, tensor: expected.name,
        detail: "\(tensor.range.count) bytes were given for \(expected.range.count)")
    }
    next += 1
    try writePending()
    var rest = file.fileRange(of: tensor)
    while !rest.isEmpty {
      let piece = rest.lowerBound..<min(rest.lowerBound + Self.copyLimit, rest.upperBound)
      let done = file.copy(piece, to: descriptor)
      if done > 0 {
        written += done
      } else {
        let bytes = file.read(fileRange: piece)
        try Self.writeAll(unsafe bytes.span.bytes, to: descriptor, path: path)
        written += bytes.count
      }
      rest = rest.lowerBound + (done > 0 ? done : piece.count)..<rest.upperBound
      startFlushing()
    }
  }

  /// How much is copied at a time.
  private static let copyLimit = 16 << 20
}
