#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// A file of any kind that is made beside its name, and gets it only when it is complete and synced.
///
/// One that is dropped before ``finish()`` leaves nothing behind.
struct FileBuilder: ~Copyable {
  /// The name it will have.
  let path: String
  /// Where it is made.
  let temporary: String
  private var descriptor: Int32
  private let lane: BlockLane?

  /// Makes the temporary file.
  ///
  /// - Parameters:
  ///   - path: the file to be written; its folder must exist.
  ///   - existing: whether an existing file may be replaced.
  ///   - size: how large it will be, where that is known: files of 1 GiB and more go past the page cache.
  ///   - mode: who may read and write it.
  /// - Throws: ``SafeTensorsError`` with rule `exists` or `cannotWrite`.
  init(
    path: String, existing: SafeTensorsWriter.Existing, size: Int? = nil, mode: mode_t = 0o644
  ) throws(SafeTensorsError) {
    if existing == .refuse, FolderContents.exists(path) {
      throw SafeTensorsError(
        path: path, rule: .exists, detail: "exists already; choose another name or allow replacing it")
    }
    let temporary = WholeFile.temporary(path)
    let descriptor = unsafe open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
    guard descriptor >= 0 else { throw SafeTensorsWriter.failure("created", path: path) }
    var lane: BlockLane?
    do throws(SafeTensorsError) {
      if let size, size >= 1 << 30 {
        lane = try BlockLane(path: path, file: temporary, descriptor: descriptor, size: size)
      }
    } catch {
      close(descriptor)
      unsafe unlink(temporary)
      throw error
    }
    self.path = path
    self.temporary = temporary
    self.descriptor = descriptor
    self.lane = lane
  }

  deinit {
    if descriptor >= 0 {
      lane?.stop()
      close(descriptor)
      unsafe unlink(temporary)
    }
  }

  /// Adds bytes.
  mutating func append(_ bytes: RawSpan) throws(SafeTensorsError) {
    if let lane { return try lane.add(bytes) }
    try SafeTensorsWriter.writeAll(bytes, to: descriptor, path: path)
  }

  /// Adds bytes.
  mutating func append(_ bytes: [UInt8]) throws(SafeTensorsError) { try append(unsafe bytes.span.bytes) }

  /// Adds bytes of an open file, in pieces.
  mutating func append(_ range: Range<Int>, of file: SafeTensorsFile) throws(SafeTensorsError) {
    if let lane { return try lane.add(range, of: file) }
    var rest = range
    while !rest.isEmpty {
      let piece = rest.prefix(4 << 20)
      try append(try file.read(fileRange: piece))
      rest = rest.dropFirst(piece.count)
    }
  }

  /// Hands everything to the system and syncs it, so that it can be read back under its temporary name.
  mutating func sync() throws(SafeTensorsError) {
    try lane?.finish()
    guard fsync(descriptor) == 0 else { throw SafeTensorsWriter.failure("synced", path: path) }
  }

  /// Completes the file and gives it its name.
  consuming func finish() throws(SafeTensorsError) {
    try sync()
    guard unsafe rename(temporary, path) == 0 else {
      throw SafeTensorsWriter.failure("renamed into place", path: path)
    }
    close(descriptor)
    descriptor = -1
    SafeTensorsWriter.syncFolder(of: path)
  }
}
