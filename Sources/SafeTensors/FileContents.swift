/// The bytes of an open file: mapped, unpacked from an archive, or those of several files one after another.
///
/// What cannot be read is an error at the moment of reading: an archive is unpacked frame by frame, so that damage in
/// one of its frames shows only when a tensor of it is asked for.
protocol FileContents: AnyObject, Sendable {
  /// The file, as errors name it.
  var path: String { get }
  /// How many bytes there are.
  var count: Int { get }

  /// Lends the bytes of `range`; it must lie within ``count``, and within one file where there are several.
  func withBytes<R>(in range: Range<Int>, _ body: (RawSpan) -> R) throws(SafeTensorsError) -> R

  /// Copies the bytes of `range` to memory of the same size, without keeping them mapped where that can be avoided.
  func read(_ range: Range<Int>, into target: UnsafeMutableRawBufferPointer) throws(SafeTensorsError)
}

extension FileContents {
  /// A copy of the bytes of `range`.
  func copy(_ range: Range<Int>) throws(SafeTensorsError) -> [UInt8] {
    // A small archive, or a sparse file, can have a tensor that no memory holds.
    guard range.count <= Memory.physical else {
      throw SafeTensorsError(
        path: path, rule: .cannotOpen,
        detail: "\(range.count) bytes of it are needed at once, more than this machine's memory")
    }
    // The closure of the initialiser rethrows without a type, so the error is handed out beside it.
    var failure: SafeTensorsError?
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: range.count) { buffer, initialized in
      let room = unsafe UnsafeMutableRawBufferPointer(start: buffer.baseAddress, count: range.count)
      do throws(SafeTensorsError) {
        unsafe try read(range, into: room)
        initialized = range.count
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    return bytes
  }
}

/// The ways of opening a file's bytes.
enum OpenedContents {
  /// Opens a file as it is, or as its name says: an archive named `.zst` is unpacked, at once or as it is read.
  static func open(path: String, isContainer: Bool = true) throws(SafeTensorsError) -> any FileContents {
    guard path.hasSuffix(".zst") else { return try MappedContents(path: path) }
    return try archive(path: path, isContainer: isContainer)
  }

  /// Opens an archive, whatever its name.
  ///
  /// - Parameters:
  ///   - path: the archive.
  ///   - isContainer: whether a safetensors file is in it, which tells how large it can become.
  static func archive(path: String, isContainer: Bool = true) throws(SafeTensorsError) -> any FileContents {
    let file = try MappedContents(path: path)
    if let table = try SeekTable(file, path: path) { return try SeekableContents(file, table: table, path: path) }
    return UnpackedContents(
      try ZstdArchive.unpacked(file, path: path, isContainer: isContainer), path: path)
  }
}

/// The bytes of a file, mapped into memory.
final class MappedContents: FileContents {
  let path: String
  private let file: MappedFile

  init(path: String) throws(SafeTensorsError) {
    file = try MappedFile(path: path)
    self.path = path
  }

  var count: Int { file.count }

  func withBytes<R>(in range: Range<Int>, _ body: (RawSpan) -> R) throws(SafeTensorsError) -> R {
    file.withBytes(in: range, body)
  }

  func read(_ range: Range<Int>, into target: UnsafeMutableRawBufferPointer) throws(SafeTensorsError) {
    guard unsafe file.read(range, into: target) else {
      throw SafeTensorsError(
        path: path, rule: .cannotOpen,
        detail: "cannot be read to its end; the file was cut off or became unreadable since it was opened")
    }
  }
}

/// Bytes that are in memory.
final class UnpackedContents: FileContents {
  let path: String
  private let bytes: [UInt8]

  init(_ bytes: [UInt8], path: String) {
    self.bytes = bytes
    self.path = path
  }

  var count: Int { bytes.count }

  func withBytes<R>(in range: Range<Int>, _ body: (RawSpan) -> R) throws(SafeTensorsError) -> R {
    let bytes = bytes
    return body(unsafe bytes.span.bytes.extracting(range))
  }

  func read(_ range: Range<Int>, into target: UnsafeMutableRawBufferPointer) throws(SafeTensorsError) {
    let bytes = bytes
    let part = unsafe bytes.span.bytes.extracting(range)
    unsafe part.withUnsafeBytes { unsafe target.copyMemory(from: $0) }
  }
}
