/// A byte-level vocabulary with its merges: turns the bytes of a word into tokens.
struct BytePairs: Sendable {
  /// A token of a word and the number of the word's bytes that it stands for.
  struct Part: Sendable, Equatable {
    var id: Int32
    var bytes: Int32
  }

  struct Merge: Sendable {
    var rank: Int32
    var id: Int32
  }

  /// The tokens by id; nil where an id is not used.
  let names: [String?]
  /// What two neighbouring tokens become.
  private let merges: [UInt64: Merge]
  /// The tokens of single bytes, within a word and at its end.
  private let inner: [Int32]
  private let final: [Int32]

  /// What ends the last token of a word.
  static let suffix = "</w>"

  /// Takes bytes that the vocabulary lacks for `unknown`, as the reference does.
  init(names: [String?], ids: [String: Int32], merges: [UInt64: Merge], unknown: Int32) {
    self.names = names
    self.merges = merges
    inner = ByteAlphabet.scalars.map { ids[String($0)] ?? unknown }
    final = ByteAlphabet.scalars.map { ids[String($0) + Self.suffix] ?? unknown }
  }

  static func key(_ left: Int32, _ right: Int32) -> UInt64 {
    UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
  }

  /// The tokens of a word: of all neighbours the pair of lowest rank is merged, the leftmost first, until none is left.
  func parts(of word: [UInt8]) -> [Part] {
    guard let last = word.indices.last else { return [] }
    var parts = word.map { Part(id: inner[Int($0)], bytes: 1) }
    parts[last].id = final[Int(word[last])]
    // Links between living parts; a part that was merged into the one before it has no bytes.
    var following = Array(1...parts.count)
    var preceding = Array(-1..<last)
    var queue = MergeQueue()
    func offer(_ left: Int, _ queue: inout MergeQueue) {
      guard left >= 0, following[left] < parts.count else { return }
      let right = parts[following[left]]
      if let merge = merges[Self.key(parts[left].id, right.id)] {
        queue.push(.init(rank: merge.rank, left: Int32(left), bytes: parts[left].bytes + right.bytes, id: merge.id))
      }
    }
    for left in 0..<last { offer(left, &queue) }
    while let next = queue.pop() {
      let left = Int(next.left)
      let right = following[left]
      // An offer is stale when one of its parts has been merged since: then the pair has other bytes or another id.
      guard parts[left].bytes > 0, right < parts.count, parts[left].bytes + parts[right].bytes == next.bytes,
        let merge = merges[Self.key(parts[left].id, parts[right].id)], merge.rank == next.rank
      else { continue }
      parts[left] = Part(id: next.id, bytes: next.bytes)
      parts[right].bytes = 0
      following[left] = following[right]
      if following[left] < parts.count { preceding[following[left]] = left }
      offer(preceding[left], &queue)
      offer(left, &queue)
    }
    return parts.filter { $0.bytes > 0 }
  }
}
