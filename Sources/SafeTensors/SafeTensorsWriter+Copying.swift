extension SafeTensorsWriter {
  /// Writes the next tensor with the bytes of a tensor of another file.
  ///
  /// Piece by piece: a tensor may be larger than what memory should hold. Not by `copy_file_range`: what goes past
  /// the page cache must come from memory, and tensors seldom begin at blocks of a file system, so that it could not
  /// share them.
  public mutating func append(
    copying tensor: TensorInfo, from file: SafeTensorsFile
  ) throws(SafeTensorsError) {
    guard hash == nil, tensor.range.count >= Self.pendingLimit / 16, let expected else {
      return try append(try file.read(tensor))
    }
    guard expected.range.count == tensor.range.count else {
      throw SafeTensorsError(
        path: path, rule: .writerMisuse, tensor: expected.name,
        detail: "\(tensor.range.count) bytes were given for \(expected.range.count)")
    }
    next += 1
    try writePending()
    let range = file.fileRange(of: tensor)
    if let lane { return try lane.add(range, of: file) }
    var rest = range
    while !rest.isEmpty {
      let bytes = try file.read(fileRange: rest.prefix(Self.copyLimit))
      try Self.writeAll(unsafe bytes.span.bytes, to: descriptor, path: path)
      written += bytes.count
      rest = rest.dropFirst(bytes.count)
      startFlushing()
    }
  }

  /// How much is copied at a time.
  private static let copyLimit = 4 << 20
}
