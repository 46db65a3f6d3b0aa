/// The numbers of Python's `random` module: the Mersenne Twister MT19937 (Matsumoto, Nishimura 1998), seeded by a whole
/// number as CPython 3.2 and later do.
public struct PythonRandom: DrawSource, Sendable, Hashable {
  private var state: [UInt32]
  private var at: Int

  /// What `random.seed(seed)` gives; the sign of the seed is ignored, as Python does.
  public init(seed: Int) {
    let size = seed.magnitude
    let words =
      size >> 32 == 0 ? [UInt32(truncatingIfNeeded: size)] : [UInt32(truncatingIfNeeded: size), UInt32(size >> 32)]
    var state = [UInt32](repeating: 0, count: Self.count)
    state[0] = 19_650_218
    for i in 1..<Self.count {
      state[i] = 1_812_433_253 &* (state[i - 1] ^ (state[i - 1] >> 30)) &+ UInt32(i)
    }
    var (i, j) = (1, 0)
    func turn(_ i: inout Int) {
      i += 1
      if i >= Self.count {
        state[0] = state[Self.count - 1]
        i = 1
      }
    }
    for _ in 0..<Self.count {
      state[i] = (state[i] ^ ((state[i - 1] ^ (state[i - 1] >> 30)) &* 1_664_525)) &+ words[j] &+ UInt32(j)
      turn(&i)
      j = (j + 1) % words.count
    }
    for _ in 1..<Self.count {
      state[i] = (state[i] ^ ((state[i - 1] ^ (state[i - 1] >> 30)) &* 1_566_083_941)) &- UInt32(i)
      turn(&i)
    }
    state[0] = 0x8000_0000
    self.state = state
    at = Self.count
  }

  private static let count = 624
  private static let middle = 397

  /// The next 32 bits.
  public mutating func word() -> UInt32 {
    if at == Self.count { turn() }
    var y = state[at]
    at += 1
    y ^= y >> 11
    y ^= (y << 7) & 0x9D2C_5680
    y ^= (y << 15) & 0xEFC6_0000
    return y ^ (y >> 18)
  }

  private mutating func turn() {
    for i in 0..<Self.count {
      let y = (state[i] & 0x8000_0000) | (state[(i + 1) % Self.count] & 0x7FFF_FFFF)
      state[i] = state[(i + Self.middle) % Self.count] ^ (y >> 1) ^ (y & 1 == 0 ? 0 : 0x9908_B0DF)
    }
    at = 0
  }

  /// What `random.random()` gives.
  public mutating func unit() -> Double {
    let (high, low) = (word() >> 5, word() >> 6)
    return (Double(high) * 67_108_864 + Double(low)) / 9_007_199_254_740_992
  }

  /// What `random.randrange(bound)` gives, for bounds up to 2³².
  public mutating func below(_ bound: Int) -> Int {
    guard bound > 0 else { return 0 }
    let bits = Int.bitWidth - bound.leadingZeroBitCount
    guard bits <= 32 else {
      // The low word comes first.
      while true {
        let low = Int(word())
        let value = Int(word() >> UInt32(max(0, 64 - bits))) << 32 | low
        if value < bound { return value }
      }
    }
    while true {
      let value = Int(word() >> UInt32(32 - bits))
      if value < bound { return value }
    }
  }
}
