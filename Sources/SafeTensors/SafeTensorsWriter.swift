#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

private import CKernels

/// Writes a safetensors file in one pass, and lets it appear under its name only when it is complete.
///
/// The data go to a temporary file beside the target, which is synced and then renamed. A writer that is
/// dropped before ``finish()`` removes the temporary file; the target is never half-written.
public struct SafeTensorsWriter: ~Copyable {
  /// What becomes of a file that already has the target's name.
  public enum Existing: Sendable {
    case refuse, replace
  }

  /// The metadata key whose value the writer fills in itself: the SHA-256 of the tensors' bytes.
  public static let hashKey = "sshs_model_hash"

  /// The file to be written.
  public let path: String
  /// The tensors in the order in which ``append(_:)`` expects their bytes.
  public let tensors: [TensorInfo]
  private var metadata: [String: String]
  private let temporary: String
  var descriptor: Int32
  /// Where a large file's bytes go instead of to the descriptor.
  let lane: BlockLane?
  // Assigned in the initialiser: a default value would make its throwing paths destroy a half-made value.
  var next: Int
  let hash: HashLane?
  var written: Int
  private var flushed: Int
  private var replaced: Bool
  /// Bytes of small tensors that wait to be written together: an alpha has four.
  private var pending: [UInt8]
  static let pendingLimit = 256 << 10

  /// Creates the temporary file and writes the header.
  ///
  /// - Parameters:
  ///   - path: the file to be written; its folder must exist.
  ///   - declarations: the tensors, in any order; names must be unique.
  ///   - metadata: the `__metadata__` entries. A value under ``hashKey`` is replaced by the true hash.
  ///   - existing: whether an existing file may be replaced.
  ///   - hashes: whether the tensors' bytes are hashed while they are written. Without it ``hashKey`` is not written.
  ///   - pastCacheFrom: from how many bytes on the file is written past the system's page cache; see ``BlockLane``.
  /// - Throws: ``SafeTensorsError`` with rule `exists`, `cannotWrite`, or `duplicateField`.
  public init(
    path: String, declarations: [TensorDeclaration], metadata: [String: String], existing: Existing = .refuse,
    hashes: Bool = true, pastCacheFrom: Int = 1 << 30
  ) throws(SafeTensorsError) {
    let tensors = Header.written(declarations)
    var metadata = metadata
    if !hashes { metadata[Self.hashKey] = nil }
    if metadata[Self.hashKey] != nil { metadata[Self.hashKey] = String(repeating: "0", count: 64) }
    let header = Header.encoded(tensors: tensors, metadata: metadata)
    let temporary = WholeFile.temporary(path)
    let output = try Self.create(
      path, temporary: temporary, header: header, tensors: tensors, existing: existing, pastCacheFrom: pastCacheFrom)
    self.path = path
    self.temporary = temporary
    descriptor = output.descriptor
    lane = output.lane
    self.tensors = tensors
    self.metadata = metadata
    next = 0
    hash = hashes ? HashLane() : nil
    written = header.count
    flushed = 0
    replaced = false
    pending = []
  }

  deinit {
    if descriptor >= 0 {
      lane?.stop()
      close(descriptor)
      unsafe unlink(temporary)
    }
  }

  /// The tensor whose bytes are expected next; nil when all have been written.
  public var expected: TensorInfo? { next < tensors.count ? tensors[next] : nil }

  /// Writes the bytes of the next tensor.
  public mutating func append(_ bytes: [UInt8]) throws(SafeTensorsError) {
    guard let tensor = expected else {
      throw SafeTensorsError(path: path, rule: .writerMisuse, detail: "more tensors were written than declared")
    }
    guard bytes.count == tensor.range.count else {
      throw SafeTensorsError(
        path: path, rule: .writerMisuse, tensor: tensor.name,
        detail: "\(bytes.count) bytes were given for \(tensor.range.count)")
    }
    next += 1
    if bytes.count < Self.pendingLimit / 16 {
      pending += bytes
      if pending.count >= Self.pendingLimit { try writePending() }
    } else {
      try writePending()
      try write(bytes)
    }
  }

  mutating func writePending() throws(SafeTensorsError) {
    guard !pending.isEmpty else { return }
    try write(pending)
    pending = []
  }

  private mutating func write(_ bytes: [UInt8]) throws(SafeTensorsError) {
    hash?.add(bytes)
    if let lane {
      try lane.add(unsafe bytes.span.bytes)
      return
    }
    try Self.writeAll(unsafe bytes.span.bytes, to: descriptor, path: path)
    written += bytes.count
    startFlushing()
  }

  /// Replaces a metadata value with one of the same length in the header; for what is known only at the end.
  public mutating func replaceMetadata(_ key: String, with value: String) throws(SafeTensorsError) {
    guard let old = metadata[key], Self.lengthInHeader(old) == Self.lengthInHeader(value) else {
      throw SafeTensorsError(
        path: path, rule: .writerMisuse, detail: "the metadata value \(key) was not reserved with this length")
    }
    metadata[key] = value
    replaced = true
  }

  /// How many bytes a value takes in the header: escapes make it longer than the text.
  private static func lengthInHeader(_ value: String) -> Int {
    var json: [UInt8] = []
    json.appendJSON(value)
    return json.count
  }

  /// Completes the file: fills in the hash, syncs, and renames it to its name.
  /// - Returns: the SHA-256 of the tensors' bytes; empty for a writer that does not hash.
  @discardableResult
  public consuming func finish() throws(SafeTensorsError) -> String {
    guard next == tensors.count else {
      throw SafeTensorsError(
        path: path, rule: .writerMisuse, detail: "only \(next) of \(tensors.count) tensors were written")
    }
    try writePending()
    try lane?.finish()
    let digest = hash?.finish() ?? ""
    if metadata[Self.hashKey] != nil { metadata[Self.hashKey] = digest }
    if replaced || metadata[Self.hashKey] != nil {
      let header = Header.encoded(tensors: tensors, metadata: metadata)
      guard unsafe pwrite(descriptor, header, header.count, 0) == header.count else {
        throw Self.failure("written", path: path)
      }
    }
    guard fsync(descriptor) == 0 else { throw Self.failure("synced", path: path) }
    guard unsafe rename(temporary, path) == 0 else { throw Self.failure("renamed into place", path: path) }
    close(descriptor)
    descriptor = -1
    Self.syncFolder(of: path)
    return digest
  }

  /// Asks the kernel to begin writing out what has been handed over, so that the final sync has little left to wait
  /// for.
  ///
  /// A hint: its failure changes nothing.
  mutating func startFlushing() {
    guard written - flushed >= 16 << 20 else { return }
    ck_start_writeback(descriptor, Int64(flushed), Int64(written - flushed))
    flushed = written
  }
}
