/// The merges that a word offers, lowest rank and leftmost first.
struct MergeQueue {
  struct Offer {
    var rank: Int32
    var left: Int32
    /// The bytes of both parts.
    var bytes: Int32
    var id: Int32

    static func < (a: Offer, b: Offer) -> Bool { (a.rank, a.left) < (b.rank, b.left) }
  }

  /// A binary heap: no offer precedes the one at half its index.
  private var heap: [Offer] = []

  mutating func push(_ offer: Offer) {
    heap.append(offer)
    var at = heap.count - 1
    while at > 0, heap[at] < heap[(at - 1) / 2] {
      heap.swapAt(at, (at - 1) / 2)
      at = (at - 1) / 2
    }
  }

  mutating func pop() -> Offer? {
    guard let first = heap.first, let last = heap.popLast() else { return nil }
    guard !heap.isEmpty else { return first }
    heap[0] = last
    var at = 0
    while true {
      var least = at
      for child in [2 * at + 1, 2 * at + 2] where child < heap.count && heap[child] < heap[least] { least = child }
      guard least != at else { return first }
      heap.swapAt(at, least)
      at = least
    }
  }
}
