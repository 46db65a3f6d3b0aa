/// An open safetensors file: a checked header, and the tensors' bytes on demand.
///
/// Opening reads the header only. Files are memory-mapped; an archive named `.zst` is unpacked into memory.
public final class SafeTensorsFile: Sendable {
  /// The path as the caller gave it.
  public let path: String
  /// The checked header.
  public let header: Header
  /// The size of the (unpacked) file in bytes.
  public let size: Int
  let contents: FileContents
  private let index: [ExactName: Int]

  /// Opens and checks a file.
  /// - Throws: ``SafeTensorsError`` naming the broken rule; a file of another format is named for what it is.
  public init(path: String) throws(SafeTensorsError) {
    let contents = try FileContents(path: path)
    let header: Header
    do {
      header = try Header(path: path, fileSize: contents.count, read: contents.copy)
    } catch {
      throw Self.named(error, firstBytes: contents.copy(0..<min(contents.count, 512)))
    }
    self.path = path
    self.header = header
    self.contents = contents
    size = contents.count
    index = Dictionary(
      header.tensors.indices.map { (ExactName(header.tensors[$0].name), $0) }, uniquingKeysWith: { _, last in last })
  }

  /// The tensor of this name, if the file has it.
  public subscript(_ name: String) -> TensorInfo? { index[ExactName(name)].map { header.tensors[$0] } }

  /// Lends the raw bytes of one of this file's tensors.
  public func withBytes<R, E: Error>(
    of tensor: TensorInfo, _ body: (RawSpan) throws(E) -> R
  ) throws(E) -> R {
    try withFileBytes(in: header.dataStart + tensor.range.lowerBound..<header.dataStart + tensor.range.upperBound, body)
  }

  /// A copy of a tensor's bytes.
  package func copy(_ tensor: TensorInfo) -> [UInt8] {
    contents.copy(header.dataStart + tensor.range.lowerBound..<header.dataStart + tensor.range.upperBound)
  }

  /// Lends a range of the whole file's bytes, header included.
  package func withFileBytes<R, E: Error>(
    in range: Range<Int>, _ body: (RawSpan) throws(E) -> R
  ) throws(E) -> R {
    try contents.withBytes(in: range, body)
  }

  /// An error about the header, turned into one about the whole file when it is really something else.
  private static func named(_ error: SafeTensorsError, firstBytes: [UInt8]) -> SafeTensorsError {
    // A real header begins with a plausible length, so these rules are the only ones a foreign file breaks.
    let suspicious: Set<SafeTensorsError.Rule> = [.headerTooLarge, .headerTooSmall, .headerLength, .notJSON, .notUTF8]
    guard suspicious.contains(error.rule), let format = ForeignFormat(firstBytes: firstBytes) else { return error }
    var named = error
    named.rule = .foreignFormat
    named.detail = "this is \(format.rawValue), not a safetensors file: \(format.advice)"
    return named
  }
}
