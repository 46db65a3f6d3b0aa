extension SafeTensorsFile {
  /// Where a tensor's bytes lie in the whole file.
  func fileRange(of tensor: TensorInfo) -> Range<Int> {
    header.dataStart + tensor.range.lowerBound..<header.dataStart + tensor.range.upperBound
  }

  /// A copy of a range of the whole file's bytes.
  func read(fileRange: Range<Int>) throws(SafeTensorsError) -> [UInt8] { try contents.copy(fileRange) }

  /// A copy of a tensor's bytes, read without touching the mapping.
  ///
  /// For files of which more is used than memory should hold: mapped pages count as the process' own.
  package func read(_ tensor: TensorInfo) throws(SafeTensorsError) -> [UInt8] {
    try contents.copy(fileRange(of: tensor))
  }

  /// ``floats(of:)`` without touching the mapping.
  package func readFloats(_ tensor: TensorInfo) throws(SafeTensorsError) -> [Float] {
    try checkNumeric(tensor)
    return tensor.dtype.widenedFloats(try read(tensor))
  }

  /// ``doubles(of:)`` without touching the mapping.
  package func readDoubles(_ tensor: TensorInfo) throws(SafeTensorsError) -> [Double] {
    try checkNumeric(tensor)
    return tensor.dtype.widened(try read(tensor))
  }

  /// Widens some of a tensor's numbers into the beginning of an array, without touching the mapping.
  /// - Throws: as ``readFloats(_:elements:into:)`` for memory.
  package func readFloats(
    _ tensor: TensorInfo, elements: Range<Int>, into target: inout [Float]
  ) throws(SafeTensorsError) {
    precondition(elements.count <= target.count, "more numbers than the array has room for")
    try unsafe target.withUnsafeMutableBufferPointer { memory throws(SafeTensorsError) in
      let bytes = unsafe UnsafeMutableRawBufferPointer(memory)[..<(elements.count * 4)]
      var room = unsafe UnsafeMutableRawBufferPointer(rebasing: bytes).mutableBytes
      try readFloats(tensor, elements: elements, into: &room)
    }
  }

  private func checkNumeric(_ tensor: TensorInfo) throws(SafeTensorsError) {
    guard tensor.dtype.kernel != nil else {
      throw SafeTensorsError(
        path: path, rule: .notNumeric, tensor: tensor.name,
        detail: "\(tensor.dtype.rawValue) has no numbers to widen; only its bytes can be copied")
    }
  }
}
