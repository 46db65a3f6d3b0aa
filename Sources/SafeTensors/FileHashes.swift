private import Crypto
private import Dispatch

/// A running SHA-256.
package struct SHA256Hash {
  private var function = SHA256()

  package init() {}

  /// Adds bytes.
  package mutating func update(_ bytes: RawSpan) {
    unsafe bytes.withUnsafeBytes { unsafe function.update(bufferPointer: $0) }
  }

  /// The digest so far, as 64 lower-case hexadecimal digits.
  package var hex: String {
    function.finalize().map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
  }
}

/// The hashes by which sites and UIs recognise a file.
public struct FileHashes: Sendable, Hashable {
  /// SHA-256 of the whole file, 64 hexadecimal digits.
  public var whole: String
  /// SHA-256 of the tensors' bytes without the header: what kohya stores as `sshs_model_hash`.
  public var tensors: String
  /// SHA-256 of the 64 KiB from the first MiB on, or of what the file has of them, 64 hexadecimal digits; of old
  /// versions of A1111's UI.
  public var middle: String

  /// The short hash of old versions of A1111's UI, AutoV1: the first 8 digits of ``middle``.
  ///
  /// Files shorter than 1 MiB all have the same, that of nothing.
  public var autoV1: String { String(middle.prefix(8)) }
  /// The short hash that Civitai calls AutoV2: the first 10 digits of ``whole``.
  public var autoV2: String { String(whole.prefix(10)) }
  /// The short hash that A1111 and Civitai call AutoV3: the first 12 digits of ``tensors``.
  public var autoV3: String { String(tensors.prefix(12)) }
  /// SHA-256 of nothing: some trainers store it because they hash an empty buffer.
  public static let ofNothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

  /// The bytes that ``middle`` is the hash of.
  static let middleRange = 0x10_0000..<0x11_0000
}

extension SafeTensorsFile {
  /// The SHA-256 of the tensors' bytes without the header (`sshs_model_hash`), 64 hexadecimal digits.
  /// - Throws: ``SafeTensorsError`` when they cannot be read.
  public func tensorHash() throws(SafeTensorsError) -> String {
    var sum = SHA256Hash()
    for range in hashedPieces {
      if contents is MappedContents {
        try contents.withBytes(in: range) { sum.update($0) }
      } else {
        sum.add(try read(fileRange: range))
      }
    }
    return sum.hex
  }

  /// ``tensorHash()`` on a thread of its own, for work that goes on meanwhile.
  ///
  /// A queue of its own, because the global queues share one thread per core with the tasks that would wait for it.
  package func tensorHashOnThread() async throws(SafeTensorsError) -> String {
    let result: Result<String, SafeTensorsError> = await withCheckedContinuation { continuation in
      DispatchQueue(label: "troupe.source-hash").async {
        continuation.resume(
          returning: Result { () throws(SafeTensorsError) in try self.tensorHash() })
      }
    }
    return try result.get()
  }

  /// The SHA-256 of the tensors' bytes in the order of their names, as OneTrainer hashes them for
  /// `modelspec.hash_sha256`; equal to ``tensorHash()`` where the file has that order.
  package func tensorHashByName() throws(SafeTensorsError) -> String {
    var sum = SHA256Hash()
    for tensor in header.tensors.sorted(by: { $0.name.utf8 < $1.name.utf8 }) {
      try withBytes(of: tensor) { sum.update($0) }
    }
    return sum.hex
  }

  /// Computes the file's hashes in one pass; of an archive, those of the unpacked file.
  ///
  /// - Parameter progress: told how many bytes of how many are read.
  /// - Throws: ``SafeTensorsError`` when the file cannot be read.
  public func hashes(
    progress: @Sendable (Int, Int) -> Void = { _, _ in }
  ) async throws(SafeTensorsError) -> FileHashes {
    // The file is read once, and each piece goes to two threads: one sums up everything, the other the tensors.
    let (whole, tensors) = (HashLane(), HashLane())
    var rest = 0..<size
    while !rest.isEmpty {
      let end = rest.lowerBound < header.dataStart ? header.dataStart : size
      let piece = rest.lowerBound..<min(end, rest.lowerBound + HashLane.pieceSize)
      let bytes = try read(fileRange: piece)
      whole.add(bytes)
      if piece.lowerBound >= header.dataStart { tensors.add(bytes) }
      rest = piece.upperBound..<size
      progress(piece.upperBound, size)
    }
    let middle = try read(fileRange: FileHashes.middleRange.clamped(to: 0..<size))
    return FileHashes(whole: whole.finish(), tensors: tensors.finish(), middle: SHA256Hash.hex(of: middle))
  }

  /// The tensors' bytes, in pieces of which each lies within one frame's or one file's reach.
  private var hashedPieces: [Range<Int>] {
    guard pieces.isEmpty else { return header.tensors.map(fileRange) }
    return stride(from: header.dataStart, to: size, by: HashLane.pieceSize).map {
      $0..<min(size, $0 + HashLane.pieceSize)
    }
  }
}
