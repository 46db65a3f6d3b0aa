/// Random numbers that are a pure function of a seed, a stream and a position: nothing is shared and nothing is kept.
///
/// The hash is the finaliser of SplitMix64 (Steele, Lea, Flood 2014) over a chain of the words given. A run that is
/// resumed, or that computes its samples in another order, draws the same numbers.
public struct CounterRandom: RandomNumberGenerator, Sendable, Hashable {
  /// The stream: the seed with all the words that were mixed in.
  public let key: UInt64
  /// How many numbers were drawn.
  public var counter: UInt64

  /// A stream of a seed and of the words that tell one use from another, such as an epoch and a picture's number.
  public init(seed: UInt64, _ words: UInt64...) {
    var key = Self.mixed(seed)
    for word in words { key = Self.mixed(key ^ Self.mixed(word &+ 0x632B_E59B_D9B4_E019)) }
    self.key = key
    counter = 0
  }

  /// The next 64 bits.
  public mutating func next() -> UInt64 {
    counter &+= 1
    return Self.mixed(key &+ counter &* 0x9E37_79B9_7F4A_7C15)
  }

  /// A number at least 0 and below 1, of 53 bits.
  public mutating func unit() -> Double { Double(next() >> 11) * 0x1p-53 }

  /// A whole number at least 0 and below `bound`, without bias; `bound` is at least 1.
  public mutating func below(_ bound: Int) -> Int { Int.random(in: 0..<Swift.max(1, bound), using: &self) }

  private static func mixed(_ word: UInt64) -> UInt64 {
    var z = word &+ 0x9E37_79B9_7F4A_7C15
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
