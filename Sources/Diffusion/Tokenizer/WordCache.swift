import Synchronization

/// The tokens of words that were met before: captions repeat theirs.
final class WordCache: Sendable {
  private let words = Mutex<[[UInt8]: [BytePairs.Part]]>([:])
  /// Captions have thousands of different words; what never ends must not fill the memory.
  private static let capacity = 1 << 15

  func parts(of word: [UInt8], otherwise make: () -> [BytePairs.Part]) -> [BytePairs.Part] {
    if let known = words.withLock({ $0[word] }) { return known }
    let parts = make()
    words.withLock {
      if $0.count >= Self.capacity { $0.removeAll(keepingCapacity: true) }
      $0[word] = parts
    }
    return parts
  }
}
