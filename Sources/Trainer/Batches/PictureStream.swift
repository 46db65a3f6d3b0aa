/// The pictures of a pool, in one seeded permutation after another without end.
///
/// At any time no picture was used more than once more than another, also across epochs and after a resume.
struct PictureStream: Sendable, Hashable {
  /// The members in this round's order.
  private(set) var order: [Int]
  /// How many of them were used.
  private(set) var position = 0
  /// How many rounds went before.
  private(set) var round = 0
  private let members: [Int]
  private let seed: UInt64
  private let number: UInt64

  init(members: [Int], seed: UInt64, number: Int) {
    (self.members, self.seed, self.number) = (members, seed, UInt64(number))
    order = []
    order = permutation(0)
  }

  private func permutation(_ round: Int) -> [Int] {
    var random = CounterRandom(seed: seed, 0x5354_5245_414D, number, UInt64(round))
    var order = members
    random.shuffle(&order)
    return order
  }

  /// The next picture: of those left in this round the first that suits, else the first.
  mutating func next(suits: (_ picture: Int, _ round: Int) -> Bool) -> (picture: Int, round: Int) {
    if position == order.count {
      round += 1
      position = 0
      order = permutation(round)
    }
    let place = order[position...].firstIndex { suits($0, round) } ?? position
    let picture = order.remove(at: place)
    order.insert(picture, at: position)
    position += 1
    return (picture, round)
  }

  /// Puts a stream where it was; false when the numbers cannot be of this stream.
  mutating func restore(order: [Int], position: Int, round: Int) -> Bool {
    guard order.sorted() == members.sorted(), (0...order.count).contains(position), round >= 0 else { return false }
    (self.order, self.position, self.round) = (order, position, round)
    return true
  }
}
