/// Troupe's own batches: every optimiser step holds every character that fits, all characters weigh the same whatever
/// their number of pictures, and every picture of a pool is used as often as its neighbours.
public struct CastSampler: Sendable, Hashable {
  /// What is drawn from.
  public let plan: CastPlan
  /// Steps that were drawn.
  public internal(set) var step = 0
  /// Samples of each source so far.
  var given: [Int]
  /// Samples of each pool of each source so far.
  var pooled: [[Int]]
  /// The pools of each source.
  var streams: [[PictureStream]]
  private let quotas: Quotas
  /// Where each picture goes by each rule, worked out once: draws look through whole pools.
  private let placements: [[BucketPlacement?]]

  /// A sampler at the beginning of its run.
  ///
  /// Sources and pools without pictures are never drawn.
  public init(_ plan: CastPlan) {
    self.plan = plan
    let rates = plan.sources.map { source in source.pools.contains { !$0.pictures.isEmpty } ? source.rate : 0 }
    let characters = plan.sources.prefix { if case .character = $0.role { true } else { false } }.count
    quotas = Quotas(rates: rates, characters: characters, places: plan.samples)
    placements = plan.sizes.map { size in plan.buckets.rules.map { $0.placement(of: size) } }
    given = plan.sources.map { _ in 0 }
    pooled = plan.sources.map { $0.pools.map { _ in 0 } }
    var number = 0
    streams = plan.sources.map { source in
      source.pools.map { pool in
        defer { number += 1 }
        return PictureStream(members: pool.pictures, seed: plan.seed, number: number)
      }
    }
  }

  /// What is due to each source in a step, on average.
  public var due: [Double] { quotas.due }

  /// The next step.
  public mutating func next() -> StepPlan {
    let counts = quotas.counts(after: step, given: given)
    // Places go round the sources, so that a batch holds as many of them as it can.
    var places: [Int] = []
    for turn in 0..<(counts.max() ?? 0) { places += counts.indices.filter { counts[$0] > turn } }
    var groups: [(size: PixelSize?, samples: [Sample])] = []
    for source in places {
      let sizes = groups.map(\.size)
      let sample = draw(source, count: counts[source], beside: sizes)
      let size = sample.placement?.bucket
      if let index = groups.firstIndex(where: { $0.size == size && $0.samples.count < plan.batch }) {
        groups[index].samples.append(sample)
      } else {
        groups.append((size, [sample]))
      }
    }
    defer { step += 1 }
    return StepPlan(step: step, batches: groups.map(\.samples))
  }

  private mutating func draw(_ index: Int, count: Int, beside sizes: [PixelSize?]) -> Sample {
    let source = plan.sources[index]
    let pool = pool(of: index)
    let (choice, placements) = (plan.buckets, placements)
    func placement(_ picture: Int, _ use: Int) -> BucketPlacement? {
      choice.rules.isEmpty ? nil : placements[picture][choice.rule(picture: picture, use: use)]
    }
    let (picture, use) = streams[index][pool].next { sizes.contains(placement($0, $1)?.bucket) }
    let number = given[index]
    given[index] += 1
    pooled[index][pool] += 1
    var role = source.role
    if case .regularization(let set, let characters) = role, !characters.isEmpty {
      // The set serves its characters by turns, beginning elsewhere in each round of them.
      var random = CounterRandom(seed: plan.seed, 0x5041_4952, UInt64(index), UInt64(number / characters.count))
      var order = characters
      random.shuffle(&order)
      role = .regularization(set: set, characters: [order[number % characters.count]])
    }
    // A source that has two places in one step and one in the next shall pull equally hard in both.
    let due = quotas.due[index]
    let weight = (due >= 1 ? due / Double(count) : 1) * source.weight
    return Sample(
      picture: picture, source: index, role: role, use: use, weight: weight,
      placement: placement(picture, use))
  }

  /// The pool that is furthest behind its share.
  private func pool(of index: Int) -> Int {
    let shares = plan.sources[index].pools.map { $0.pictures.isEmpty ? 0 : max(0, $0.share) }
    let total = shares.reduce(0, +)
    guard total > 0 else { return shares.indices.first { !plan.sources[index].pools[$0].pictures.isEmpty } ?? 0 }
    let behind = shares.indices.map { shares[$0] / total * Double(given[index] + 1) - Double(pooled[index][$0]) }
    return shares.indices.filter { shares[$0] > 0 }.max {
      behind[$0] < behind[$1] - 1e-9 || abs(behind[$0] - behind[$1]) <= 1e-9 && $0 > $1
    } ?? 0
  }
}
