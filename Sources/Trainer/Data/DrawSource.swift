/// Where random decisions come from: Troupe's own numbers, or Python's where a run of sd-scripts is to be matched.
public protocol DrawSource {
  /// A number at least 0 and below 1.
  mutating func unit() -> Double
  /// A whole number at least 0 and below `bound`.
  mutating func below(_ bound: Int) -> Int
}

extension DrawSource {
  /// Shuffles as Python's `random.shuffle` does: from the end, each place swapped with one up to itself.
  public mutating func shuffle<Element>(_ items: inout [Element]) {
    for place in stride(from: items.count - 1, to: 0, by: -1) { items.swapAt(place, below(place + 1)) }
  }
}

extension CounterRandom: DrawSource {}
