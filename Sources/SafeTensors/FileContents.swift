/// The bytes of an open file: mapped, or unpacked from an archive into memory.
final class FileContents: Sendable {
  private let mapped: MappedFile
  private let unpacked: [UInt8]?
  let count: Int

  init(path: String) throws(SafeTensorsError) {
    let file = try MappedFile(path: path)
    unpacked =
      if path.hasSuffix(".zst") {
        try file.withBytes(in: 0..<file.count) { span throws(SafeTensorsError) in
          try ZstdArchive.unpacked(span, path: path)
        }
      } else {
        nil
      }
    count = unpacked?.count ?? file.count
    mapped = file
  }

  /// Lends the bytes of `range`; it must lie within ``count``.
  func withBytes<R, E: Error>(in range: Range<Int>, _ body: (RawSpan) throws(E) -> R) throws(E) -> R {
    guard let unpacked else { return try mapped.withBytes(in: range, body) }
    return try body(unsafe unpacked.span.bytes.extracting(range))
  }

  /// A copy of the bytes of `range`.
  func copy(_ range: Range<Int>) -> [UInt8] {
    if unpacked == nil, let bytes = mapped.copy(range) { return bytes }
    return withBytes(in: range) { span in unsafe span.withUnsafeBytes { unsafe Array($0) } }
  }

  /// Copies the bytes of `range` to memory of the same size; false when the file no longer has them.
  func read(_ range: Range<Int>, into target: UnsafeMutableRawBufferPointer) -> Bool {
    guard unpacked != nil else { return unsafe mapped.read(range, into: target) }
    withBytes(in: range) { span in unsafe span.withUnsafeBytes { unsafe target.copyMemory(from: $0) } }
    return true
  }
}
