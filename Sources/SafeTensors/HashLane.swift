import Dispatch
import Synchronization

/// Hashes bytes on a thread of its own, in the order in which they are handed over, while the caller writes them.
final class HashLane: Sendable {
  /// How much is handed over at a time, by those who choose.
  static let pieceSize = 2 << 20

  private let state = Mutex(SHA256Hash())
  private let queue = DispatchQueue(label: "troupe.hash")
  /// At most this many pieces wait, so that memory stays bounded when hashing is the slower of the two.
  private let room = DispatchSemaphore(value: 8)

  /// Adds bytes; returns at once unless too many are waiting.
  func add(_ bytes: [UInt8]) {
    room.wait()
    queue.async {
      self.state.withLock { unsafe $0.update(bytes.span.bytes) }
      self.room.signal()
    }
  }

  /// Waits for everything that was added and returns the digest.
  func finish() -> String { queue.sync { state.withLock { $0.hex } } }
}
