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

  /// The short hash that Civitai calls AutoV2: the first 10 digits of ``whole``.
  public var autoV2: String { String(whole.prefix(10)) }
  /// The short hash that A1111 and Civitai call AutoV3: the first 12 digits of ``tensors``.
  public var autoV3: String { String(tensors.prefix(12)) }
  /// SHA-256 of nothing: some trainers store it because they hash an empty buffer.
  public static let ofNothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
}

extension SafeTensorsFile {
  /// The SHA-256 of the tensors' bytes without the header (`sshs_model_hash`), 64 hexadecimal digits.
  public func tensorHash() -> String { hash(header.dataStart..<size) }

  /// ``tensorHash()`` on a thread of its own, for work that goes on meanwhile.
  ///
  /// A queue of its own, because the global queues share one thread per core with the tasks that would wait for it.
  package func tensorHashOnThread() async -> String {
    await withCheckedContinuation { continuation in
      DispatchQueue(label: "troupe.source-hash").async { continuation.resume(returning: self.tensorHash()) }
    }
  }

  /// Reads the whole file and computes its hashes; of an archive, those of the unpacked file.
  public func hashes() async -> FileHashes {
    // Two independent passes over mapped memory: on two cores they cost one.
    async let whole = hash(0..<size)
    let tensors = tensorHash()
    return FileHashes(whole: await whole, tensors: tensors)
  }

  private func hash(_ range: Range<Int>) -> String {
    var sum = SHA256Hash()
    withFileBytes(in: range) { sum.update($0) }
    return sum.hex
  }
}
