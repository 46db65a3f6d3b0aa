/// An open safetensors file: a checked header, and the tensors' bytes on demand.
///
/// Opening reads the header only. Files are memory-mapped; an archive named `.zst` is unpacked as its tensors are asked
/// for where it has a seek table, and at once into memory where it has none. The index of a model in several files
/// (`….safetensors.index.json`) is opened as one file that has all their tensors.
public final class SafeTensorsFile: Sendable {
  /// The path as the caller gave it.
  public let path: String
  /// The checked header.
  public let header: Header
  /// The size of the (unpacked) file in bytes; of several files, their sum.
  public let size: Int
  /// The paths of the files that this one stands for; empty for an ordinary file.
  public let pieces: [String]
  let contents: any FileContents

  /// Opens and checks a file.
  /// - Throws: ``SafeTensorsError`` naming the broken rule; a file of another format is named for what it is.
  public convenience init(path: String) throws(SafeTensorsError) {
    if ShardIndex.isIndex(path) {
      try self.init(try ShardIndex(path: path))
    } else {
      try self.init(path: path, contents: try OpenedContents.open(path: path))
    }
  }

  /// Checks the header of opened bytes.
  convenience init(path: String, contents: any FileContents) throws(SafeTensorsError) {
    let header: Header
    do throws(SafeTensorsError) {
      header = try Header(path: path, fileSize: contents.count) { (range) throws(SafeTensorsError) in
        try contents.copy(range)
      }
    } catch {
      throw Self.named(error, firstBytes: try contents.copy(0..<min(contents.count, 512)))
    }
    self.init(path: path, header: header, contents: contents, pieces: [])
  }

  init(path: String, header: Header, contents: any FileContents, pieces: [String]) {
    self.path = path
    self.header = header
    self.contents = contents
    self.pieces = pieces
    size = contents.count
  }

  /// The tensor of this name, if the file has it.
  public subscript(_ name: String) -> TensorInfo? { header.places[ExactName(name)].map { header.tensors[$0] } }

  /// Lends the raw bytes of one of this file's tensors.
  /// - Throws: ``SafeTensorsError`` when they cannot be read: a frame of an archive is damaged.
  public func withBytes<R>(of tensor: TensorInfo, _ body: (RawSpan) -> R) throws(SafeTensorsError) -> R {
    try contents.withBytes(in: fileRange(of: tensor), body)
  }

  /// A copy of a tensor's bytes.
  package func copy(_ tensor: TensorInfo) throws(SafeTensorsError) -> [UInt8] {
    try contents.copy(fileRange(of: tensor))
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
