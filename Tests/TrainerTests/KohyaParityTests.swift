import Testing
import Trainer

/// Everything that must come out as in sd-scripts, to the letter; all is whole numbers and text, so nothing has a
/// tolerance.
@Suite struct KohyaParityTests {
  @Test func numbersArePythons() throws {
    let expected = try KohyaFixture.read().python
    var random = PythonRandom(seed: expected.seed)
    #expect((0..<700).map { _ in random.unit() }.suffix(3) == expected.unit[...])
    #expect([1, 2, 3, 10, 1000, (1 << 31) + 1, 1 << 40, 1 << 62].map { random.below($0) } == expected.below)
    var wide = PythonRandom(seed: expected.wideSeed)
    #expect(wide.word() == expected.wide)
  }

  @Test func bucketLists() throws {
    for list in try KohyaFixture.read().lists {
      let rule = try BucketRule(
        resolution: PixelSize(list.resolution[0], list.resolution[1]), shortest: list.min, longest: list.max,
        step: list.step)
      #expect(rule.sizes.map { [$0.width, $0.height] } == list.sizes)
    }
  }

  @Test(arguments: [(1024, 256, 1024, 25), (1024, 256, 2048, 41), (1024, 512, 2048, 33), (512, 256, 1024, 17)])
  func bucketCounts(side: Int, shortest: Int, longest: Int, count: Int) throws {
    #expect(try BucketRule(resolution: PixelSize(side), shortest: shortest, longest: longest).sizes.count == count)
  }

  @Test func placementsAndCrops() throws {
    var checked = 0
    for group in try KohyaFixture.read().placements {
      let rule = try BucketRule(
        resolution: PixelSize(group.resolution[0], group.resolution[1]), shortest: group.min, longest: group.max,
        step: group.step, enlarges: !group.noUpscale)
      for row in group.rows {
        let placement = rule.placement(of: PixelSize(row[0], row[1]))
        guard row.count > 2 else {
          #expect(placement == nil, "\(row)")
          continue
        }
        let found = try #require(placement)
        let condition = found.kohyaCondition()
        let flipped = found.kohyaCondition(flipped: true)
        #expect(
          [found.bucket.width, found.bucket.height, found.resized.width, found.resized.height] == Array(row[2...5]))
        #expect([condition.left, condition.top, flipped.left] == Array(row[6...8]), "\(row)")
        checked += 1
      }
    }
    #expect(checked > 500)
  }

  @Test func captions() throws {
    var distinct: Set<String> = []
    for group in try KohyaFixture.read().captions {
      var random = PythonRandom(seed: group.seed)
      for outcome in group.outcomes {
        let moment = CaptionRule.Moment(epoch: outcome.epoch, step: outcome.step, steps: group.steps)
        let found = group.rule.caption(outcome.text, at: moment, using: &random)
        #expect(found == outcome.out, "\(group.options) on \(outcome.text)")
        distinct.insert(found)
      }
    }
    #expect(distinct.count > 100)
  }

  @Test func regularisationMatching() throws {
    for match in try KohyaFixture.read().matches {
      let repeats = match.sets.flatMap { [Int](repeating: $0[1], count: $0[0]) }
      #expect(KohyaMatching.uses(training: match.train, repeats: repeats) == match.repeats)
    }
  }

  @Test func batches() throws {
    for expected in try KohyaFixture.read().batches {
      var first = 0
      let buckets = expected.buckets.map { count in
        defer { first += count }
        return Array(first..<(first + count))
      }
      var batches = KohyaBatches(buckets: buckets, batch: expected.batch, seed: expected.seed)
      for epoch in expected.epochs { #expect(batches.nextEpoch() == epoch) }
    }
  }
}
