import Testing
import Trainer

@Suite struct BucketRuleTests {
  @Test func trueOffsetsAreWhatWasCut() throws {
    let placement = try #require(BucketRule.single(PixelSize(1024)).placement(of: PixelSize(1600, 1200)))
    #expect(placement.resized == PixelSize(1365, 1024))
    let window = placement.centred
    #expect(window.left == 170 && window.top == 0)
    let condition = placement.condition(of: window)
    #expect(condition.left == 170 && condition.top == 0 && condition.original == PixelSize(1600, 1200))
    // Mirrored, what was cut at the right is at the left: 1365 - 1024 - 170.
    #expect(placement.condition(of: window, flipped: true).left == 171)
    // sd-scripts' offsets for the same crop.
    #expect(placement.kohyaCondition().top == 128 && placement.kohyaCondition().left == 0)
  }

  @Test func randomWindowsLieInside() throws {
    let placement = try #require(BucketRule.single(PixelSize(512)).placement(of: PixelSize(515, 700)))
    var random = CounterRandom(seed: 1)
    var seen: Set<Int> = []
    for _ in 0..<2000 {
      let window = placement.random(using: &random)
      #expect(window.left >= 0 && window.left + 512 <= placement.resized.width)
      #expect(window.top >= 0 && window.top + 512 <= placement.resized.height)
      seen.insert(window.top)
    }
    #expect(seen.contains(0) && seen.contains(placement.excess.height))
  }

  @Test func everyPlacementCoversItsBucket() throws {
    var random = CounterRandom(seed: 2)
    for enlarges in [true, false] {
      let rule = try BucketRule(resolution: PixelSize(768), shortest: 256, longest: 1536, enlarges: enlarges)
      for _ in 0..<2000 {
        let size = PixelSize(1 + random.below(5000), 1 + random.below(5000))
        guard let placement = rule.placement(of: size) else { continue }
        #expect(placement.resized.width >= placement.bucket.width, "\(size)")
        #expect(placement.resized.height >= placement.bucket.height, "\(size)")
        #expect(placement.bucket.width % 64 == 0 && placement.bucket.height % 64 == 0)
        if !enlarges { #expect(placement.resized.area <= size.area) }
      }
    }
  }

  /// sd-scripts divides by zero here.
  @Test func extremeShapesHaveNoBucketOrOne() throws {
    let rule = try BucketRule(resolution: PixelSize(512), enlarges: false)
    #expect(rule.placement(of: PixelSize(100_000, 10)) == nil)
    #expect(rule.placement(of: PixelSize(63, 900)) == nil)
    #expect(rule.placement(of: PixelSize(0, 10)) == nil)
    #expect(rule.placement(of: PixelSize(64, 900))?.bucket == PixelSize(64, 896))
  }

  @Test(arguments: [
    (1024, 256, 960, 64, "shorter than the resolution"), (128, 256, 1024, 64, "longer than the resolution"),
    (1024, 256, 2048, 60, "multiple of 8"), (0, 0, 1024, 64, "sides"), (100_000, 256, 100_000, 64, "sides"),
    (32, 16, 1024, 64, "holds no bucket"),
  ])
  func refusals(side: Int, shortest: Int, longest: Int, step: Int, part: String) {
    let error = #expect(throws: BucketRule.Refusal.self) {
      try BucketRule(resolution: PixelSize(side), shortest: shortest, longest: longest, step: step)
    }
    #expect(error?.description.contains(part) == true, "\(error?.description ?? "")")
  }

  @Test func severalResolutionsTakeTurns() throws {
    let choice = BucketChoice(try [512, 768, 1024].map { try BucketRule(resolution: PixelSize($0)) })
    for picture in 0..<3 {
      #expect(Set((0..<3).map { choice.rule(picture: picture, use: $0) }).count == 3)
    }
    #expect(choice.placement(of: PixelSize(2000), picture: 1, use: 1)?.bucket == PixelSize(1024))
  }
}
