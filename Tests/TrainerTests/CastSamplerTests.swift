import Testing
import Trainer

@Suite struct CastSamplerTests {
  /// Characters with so many pictures in each pool, one group set and regularisation for the first two.
  static func plan(
    _ pools: [[Int]], group: Int = 0, reg: [(count: Int, characters: [Int])] = [], batch: Int = 4,
    accumulation: Int = 1, seed: UInt64 = 1
  ) throws -> CastPlan {
    var sizes: [PixelSize] = []
    func pictures(_ count: Int) -> [Int] {
      defer {
        for index in 0..<count { sizes.append(index.isMultiple(of: 3) ? PixelSize(900, 1200) : PixelSize(1024)) }
      }
      return Array(sizes.count..<(sizes.count + count))
    }
    var sources = pools.enumerated().map { index, counts in
      CastPlan.Source(role: .character(index), pools: counts.map { CastPlan.Pool(pictures: pictures($0)) })
    }
    if group > 0 {
      sources.append(.init(role: .group([0, 1]), pools: [.init(pictures: pictures(group))], rate: 0.25))
    }
    for (index, set) in reg.enumerated() {
      sources.append(
        .init(
          role: .regularization(set: index, characters: set.characters), pools: [.init(pictures: pictures(set.count))],
          rate: Double(set.characters.count), weight: 0.5))
    }
    let rule = try BucketRule(resolution: PixelSize(1024), longest: 2048)
    return CastPlan(
      sources: sources, sizes: sizes, buckets: BucketChoice([rule]), batch: batch, accumulation: accumulation,
      seed: seed)
  }

  @Test(arguments: [
    (4, 1, [[50], [3]]), (3, 1, [[50], [3], [7]]), (4, 1, [[9], [3], [7]]), (1, 4, [[9], [9], [2], [100]]),
    (2, 3, [[1], [40, 2], [5]]),
  ])
  func everyStepHoldsEveryCharacter(batch: Int, accumulation: Int, pools: [[Int]]) throws {
    var sampler = CastSampler(try Self.plan(pools, batch: batch, accumulation: accumulation))
    for _ in 0..<300 {
      let step = sampler.next()
      #expect(step.divisor == batch * accumulation)
      var weights = [Double](repeating: 0, count: pools.count)
      for sample in step.samples { weights[sample.source] += sample.weight }
      // Sums of a few doubles; a wrong weight is off by a fifth at least.
      for weight in weights { #expect(abs(weight - Double(batch * accumulation) / Double(pools.count)) < 1e-9) }
      for batch in step.batches { #expect(Set(batch.map { $0.placement?.bucket }).count == 1) }
      #expect(step.batches.allSatisfy { $0.count <= batch })
    }
  }

  @Test func everyStepHoldsEveryCharacterBesideRegularization() throws {
    let plan = try Self.plan([[20], [5], [9]], group: 4, reg: [(100, [0]), (30, [1, 2])])
    let report = ExposureReport(of: CastSampler(plan), steps: 400)
    for character in 0..<3 { #expect(report.sources[character].steps == 400) }
    // One place remains for the group and the two sets, whose rates are 0.25, 1 and 2.
    #expect(abs(Double(report.sources[3].samples) - 400 * 0.25 / 3.25) <= 1)
    #expect(abs(Double(report.sources[4].samples) - 400 / 3.25) <= 1)
    #expect(abs(Double(report.sources[5].samples) - 800 / 3.25) <= 1)
    #expect(abs((report.paired[1] ?? 0) - (report.paired[2] ?? 0)) <= 1)
    #expect(report.paired[0] == report.sources[4].samples)
  }

  @Test func moreCharactersThanPlacesTakeTurns() throws {
    let plan = try Self.plan([[5], [50], [2], [9], [1]], batch: 2)
    let report = ExposureReport(of: CastSampler(plan), steps: 101)
    let counts = report.sources.map(\.samples)
    #expect((counts.max() ?? 0) - (counts.min() ?? 0) <= 1 && counts.reduce(0, +) == 202)
    // Each of five comes twice in five steps, so never waits for three.
    #expect(report.sources.allSatisfy { $0.longestGap <= 2 })
  }

  /// The promise of the whole sampler, for many shapes and at every length of the run.
  @Test(arguments: 0..<12 as Range<UInt64>) func usesDifferByOneAtMost(seed: UInt64) throws {
    var random = CounterRandom(seed: seed, 99)
    let characters = 1 + random.below(4)
    let pools = (0..<characters).map { _ in (0..<(1 + random.below(3))).map { _ in 1 + random.below(20) } }
    let plan = try Self.plan(
      pools, group: characters > 1 ? random.below(5) : 0, reg: [(1 + random.below(60), [0])],
      batch: 1 + random.below(4),
      accumulation: 1 + random.below(3), seed: seed)
    var sampler = CastSampler(plan)
    var report = ExposureReport(sources: plan.sources.count, pictures: plan.sizes.count)
    for _ in 0..<150 {
      report.add(sampler.next())
      for source in plan.sources {
        for pool in source.pools {
          let uses = pool.pictures.map { report.pictures[$0] }
          #expect((uses.max() ?? 0) - (uses.min() ?? 0) <= 1)
        }
        let pooled = source.pools.map { $0.pictures.reduce(0) { $0 + report.pictures[$1] } }
        #expect((pooled.max() ?? 0) - (pooled.min() ?? 0) <= 1)
      }
      let counts = report.sources.prefix(characters).map(\.samples)
      #expect((counts.max() ?? 0) - (counts.min() ?? 0) <= 1)
    }
  }

  @Test func sharesAreKept() throws {
    var plan = try Self.plan([[30, 4], [10]])
    plan.sources[0].pools[1].share = 3
    let report = ExposureReport(of: CastSampler(plan), steps: 200)
    let face = plan.sources[0].pools[0].pictures.reduce(0) { $0 + report.pictures[$1] }
    let body = plan.sources[0].pools[1].pictures.reduce(0) { $0 + report.pictures[$1] }
    #expect(face + body == 400 && abs(body - 300) <= 1)
  }

  @Test func aResumedSamplerGoesOnTheSame() throws {
    let plan = try Self.plan([[20, 3], [5], [9]], group: 4, reg: [(17, [0]), (30, [1, 2])])
    var sampler = CastSampler(plan)
    for _ in 0..<37 { _ = sampler.next() }
    let state = sampler.state
    let expected = (0..<50).map { _ in sampler.next() }
    var resumed = CastSampler(plan)
    try resumed.restore(state)
    #expect((0..<50).map { _ in resumed.next() } == expected)
    #expect(resumed == sampler)
    #expect(resumed.state == sampler.state && state != sampler.state)
  }

  @Test func seedsMatter() throws {
    var one = CastSampler(try Self.plan([[20], [20]], seed: 1))
    var two = CastSampler(try Self.plan([[20], [20]], seed: 2))
    #expect((0..<5).map { _ in one.next() } != (0..<5).map { _ in two.next() })
  }

  @Test func statesOfOtherPlansAreRefused() throws {
    var sampler = CastSampler(try Self.plan([[5], [6]]))
    let state = sampler.state
    for plan in [try Self.plan([[5], [7]]), try Self.plan([[5], [6]], seed: 2), try Self.plan([[5], [6]], batch: 3)] {
      var other = CastSampler(plan)
      let error = #expect(throws: SamplerStateError.self) { try other.restore(state) }
      #expect(error?.description.contains("not those of the run") == true)
    }
    let before = sampler
    for damaged in [
      "", "{}", String(state.dropLast()), state.replacing("\"position\":0", with: "\"position\":99"),
      state.replacing("\"order\":[", with: "\"order\":[7,"), state.replacing("\"given\":[", with: "\"given\":[-1,"),
    ] {
      #expect(throws: SamplerStateError.self) { try sampler.restore(damaged) }
      #expect(sampler == before)
    }
  }

  @Test func emptySourcesAreNeverDrawn() throws {
    var sampler = CastSampler(try Self.plan([[5], [0]]))
    for _ in 0..<10 { #expect(sampler.next().samples.allSatisfy { $0.source == 0 }) }
    var nothing = CastSampler(try Self.plan([[0]]))
    #expect(nothing.next().batches.isEmpty)
  }
}
