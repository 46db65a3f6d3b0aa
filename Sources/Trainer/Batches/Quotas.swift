/// How many samples each source has in a step.
///
/// Sources have their rates' parts of a step, over many steps exactly: a step gives each the whole part of what is due to
/// it, and the rest to those that are furthest behind. When a step has more places than there are characters, every
/// character has at least one in every step.
public struct Quotas: Sendable, Hashable {
  /// What is due to each source in a step, on average; the sum is the number of places.
  public let due: [Double]

  /// Quotas of sources.
  ///
  /// - Parameters:
  ///   - rates: the rate of each source, at least 0.
  ///   - characters: how many of them, from the first, are characters.
  ///   - places: samples in a step.
  public init(rates: [Double], characters: Int, places: Int) {
    let rates = rates.map { $0.isFinite ? max(0, $0) : 0 }
    let total = rates.reduce(0, +)
    guard total > 0 else {
      due = rates
      return
    }
    var due = rates.map { $0 / total * Double(places) }
    let needed = rates.prefix(characters).count { $0 > 0 }
    if places > needed || places == needed && rates.dropFirst(characters).allSatisfy({ $0 == 0 }) {
      // Those below one are raised to one, and the others share what remains, until none is below.
      var raised: Set<Int> = []
      while true {
        let low = due.indices.filter { $0 < characters && rates[$0] > 0 && !raised.contains($0) && due[$0] < 1 }
        if low.isEmpty { break }
        raised.formUnion(low)
        let rest = rates.indices.filter { !raised.contains($0) }
        let restRate = rest.reduce(0) { $0 + rates[$1] }
        let left = Double(places - raised.count)
        for index in raised { due[index] = 1 }
        for index in rest { due[index] = restRate > 0 ? rates[index] / restRate * left : 0 }
      }
    }
    self.due = due
  }

  /// The samples of each source in the step after `steps` steps in which `given` were given.
  public func counts(after steps: Int, given: [Int]) -> [Int] {
    var counts = due.map { Int($0 + 1e-9) }
    let places = Int(due.reduce(0, +).rounded())
    var behind = due.indices.map { due[$0] * Double(steps + 1) - Double(given[$0] + counts[$0]) }
    var left = places - counts.reduce(0, +)
    while left > 0 {
      // The first of equals; a source that is due nothing has nothing to be behind with.
      guard
        let next = due.indices.filter({ due[$0] > 0 }).max(by: { a, b in
          behind[a] < behind[b] - 1e-9 || abs(behind[a] - behind[b]) <= 1e-9 && a > b
        })
      else { break }
      counts[next] += 1
      behind[next] -= 1
      left -= 1
    }
    return counts
  }
}
