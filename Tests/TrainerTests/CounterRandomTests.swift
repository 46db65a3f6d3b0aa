import Testing
import Trainer

@Suite struct CounterRandomTests {
  @Test func sameWordsGiveSameNumbers() {
    var one = CounterRandom(seed: 7, 1, 2)
    var two = CounterRandom(seed: 7, 1, 2)
    let drawn = (0..<8).map { _ in one.next() }
    #expect(drawn == (0..<8).map { _ in two.next() })
    two.counter = 3
    #expect(two.next() == drawn[3])
  }

  @Test func otherWordsGiveOtherNumbers() {
    var seen: Set<UInt64> = []
    for seed in 0..<10 as Range<UInt64> {
      for word in 0..<10 as Range<UInt64> {
        for second in 0..<10 as Range<UInt64> {
          var random = CounterRandom(seed: seed, word, second)
          seen.insert(random.next())
        }
      }
    }
    #expect(seen.count == 1000)
  }

  @Test func drawsAreUniform() {
    var random = CounterRandom(seed: 3)
    var counts = [Int](repeating: 0, count: 10)
    for _ in 0..<100_000 { counts[random.below(10)] += 1 }
    // The deviation of a binomial count of 100 000 at 1/10 is 95; 5 of them.
    #expect(counts.allSatisfy { abs($0 - 10_000) < 475 })
    let mean = (0..<100_000).reduce(0) { sum, _ in sum + random.unit() } / 100_000
    #expect(abs(mean - 0.5) < 5 * 0.289 / 316)
  }
}
