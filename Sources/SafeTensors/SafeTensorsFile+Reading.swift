extension SafeTensorsFile {
  /// Where a tensor's bytes lie in the whole file.
  func fileRange(of tensor: TensorInfo) -> Range<Int> {
    header.dataStart + tensor.range.lowerBound..<header.dataStart + tensor.range.upperBound
  }

  /// A copy of a range of the whole file's bytes.
  func read(fileRange: Range<Int>) -> [UInt8] { contents.copy(fileRange) }

  /// A copy of a tensor's bytes, read without touching the mapping.
  ///
  /// For files of which more is used than memory should hold: mapped pages count as the process' own.
  package func read(_ tensor: TensorInfo) -> [UInt8] { contents.copy(fileRange(of: tensor)) }

  /// ``floats(of:)`` without touching the mapping.
  package func readFloats(_ tensor: TensorInfo) throws(SafeTensorsError) -> [Float] {
    try checkNumeric(tensor)
    return tensor.dtype.widenedFloats(read(tensor))
  }

  /// ``doubles(of:)`` without touching the mapping.
  package func readDoubles(_ tensor: TensorInfo) throws(SafeTensorsError) -> [Double] {
    try checkNumeric(tensor)
    return tensor.dtype.widened(read(tensor))
  }

  private func checkNumeric(_ tensor: TensorInfo) throws(SafeTensorsError) {
    guard tensor.dtype.kernel != nil else {
      throw SafeTensorsError(
        path: path, rule: .notNumeric, tensor: tensor.name,
        detail: "\(tensor.dtype.rawValue) has no numbers to widen; only its bytes can be copied")
    }
  }
}
