/// Small `.safetensors.zst` archives that a program keeps for itself: made in memory, written whole.
///
/// ``SafeTensorsFile`` reads them. The archive has a checksum, so a damaged one is an error and never other numbers.
package enum PackedTensors {
  /// Writes an archive, which appears under its name only when it is complete.
  ///
  /// An archive of that name is replaced. Several processes may write the same one at the same time.
  /// - Parameters:
  ///   - path: the file to be written; its folder must exist.
  ///   - tensors: the tensors with their bytes.
  ///   - metadata: the `__metadata__` entries.
  /// - Throws: ``SafeTensorsError`` with rule `cannotWrite`, or `writerMisuse` for bytes that do not fit.
  package static func write(
    _ tensors: [(TensorDeclaration, [UInt8])], metadata: [String: String] = [:], to path: String
  ) throws(SafeTensorsError) {
    let order = Header.written(tensors.map(\.0))
    var file = Header.encoded(tensors: order, metadata: metadata)
    for info in order {
      guard let bytes = tensors.first(where: { $0.0.name == info.name })?.1, bytes.count == info.range.count else {
        throw SafeTensorsError(
          path: path, rule: .writerMisuse, tensor: info.name, detail: "the bytes given are not \(info.range.count)")
      }
      file += bytes
    }
    try WholeFile.write(try ZstdFrame.packed(unsafe file.span.bytes, level: 3, path: path), to: path)
  }
}
