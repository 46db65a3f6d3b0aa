/// The steps of sd-scripts: pooled regularisation pictures, buckets, short last batches, epochs.
///
/// Batches of several `[[datasets]]` blocks never mix. The order of batches within an epoch is then shuffled once more, as
/// the data loader does there; that order depends on PyTorch's global state and number of worker processes there, and on
/// the seed alone here.
public struct KohyaSampler: Sendable, Hashable {
  /// One `[[datasets]]` block.
  public struct Block: Sendable, Hashable {
    /// A picture with what it is used for.
    public struct Picture: Sendable, Hashable {
      /// The picture, by number.
      public var picture: Int
      /// Its subset, by number over all blocks.
      public var subset: Int
      /// How often it is used in an epoch, before regularisation is matched.
      public var repeats: Int
      /// Whether it is of a regularisation set.
      public var isRegularization: Bool

      /// A picture with these numbers.
      public init(picture: Int, subset: Int, repeats: Int, isRegularization: Bool) {
        (self.picture, self.subset, self.repeats) = (picture, subset, repeats)
        self.isRegularization = isRegularization
      }
    }

    /// The pictures in the order of the configuration, and by name within a subset.
    public var pictures: [Picture]
    /// The bucket rule.
    public var rule: BucketRule
    /// Samples in a batch.
    public var batch: Int
    /// What the loss of regularisation pictures is multiplied with.
    public var priorWeight: Double

    /// A block of these parts.
    public init(pictures: [Picture], rule: BucketRule, batch: Int, priorWeight: Double = 1) {
      (self.pictures, self.rule, self.batch, self.priorWeight) = (pictures, rule, batch, priorWeight)
    }
  }

  /// The blocks.
  public let blocks: [Block]
  /// The size of every picture, upright.
  public let sizes: [PixelSize]
  /// Batches in an optimiser step; the last step of an epoch may have fewer.
  public let accumulation: Int
  /// Uses of each member of each block in an epoch; 0 for regularisation pictures that are never used.
  public let uses: [[Int]]
  /// The epoch whose steps are drawn, counted from 1.
  public private(set) var epoch = 0
  /// Steps that were drawn.
  public private(set) var step = 0
  let loaderSeed: UInt64
  private var batches: [KohyaBatches]
  private var waiting: [[Sample]] = []

  /// A sampler at the beginning of its run; `seed` is the run's own.
  ///
  /// Pictures that are too small for any bucket are left out.
  public init(blocks: [Block], sizes: [PixelSize], accumulation: Int = 1, seed: Int) {
    (self.blocks, self.sizes, self.accumulation) = (blocks, sizes, max(1, accumulation))
    loaderSeed = UInt64(bitPattern: Int64(seed))
    uses = blocks.map(Self.uses)
    let dataSeed = KohyaMatching.dataSeed(run: seed)
    batches = zip(blocks, uses).map { block, uses in
      // Training pictures are registered first, then the regularisation pictures.
      let order =
        block.pictures.indices.filter { !block.pictures[$0].isRegularization }
        + block.pictures.indices.filter { block.pictures[$0].isRegularization }
      var buckets: [PixelSize: [Int]] = [:]
      for member in order {
        guard let size = block.rule.placement(of: sizes[block.pictures[member].picture])?.bucket else { continue }
        buckets[size, default: []] += [Int](repeating: member, count: uses[member])
      }
      return KohyaBatches(buckets: buckets.sorted { $0.key < $1.key }.map(\.value), batch: block.batch, seed: dataSeed)
    }
  }

  private static func uses(_ block: Block) -> [Int] {
    let training = block.pictures.reduce(0) { $0 + ($1.isRegularization ? 0 : max(0, $1.repeats)) }
    let matched = KohyaMatching.uses(
      training: training, repeats: block.pictures.filter(\.isRegularization).map(\.repeats))
    var next = matched.makeIterator()
    return block.pictures.map { $0.isRegularization ? next.next() ?? 0 : max(0, $0.repeats) }
  }

  /// Batches in an epoch.
  public var batchesPerEpoch: Int {
    batches.reduce(0) { sum, block in
      sum + block.buckets.reduce(0) { $0 + ($1.count + block.batch - 1) / block.batch }
    }
  }

  /// The next step; nil when there is nothing to draw.
  public mutating func next() -> StepPlan? {
    if waiting.isEmpty { beginEpoch() }
    guard !waiting.isEmpty else { return nil }
    let taken = Array(waiting.prefix(accumulation))
    waiting.removeFirst(taken.count)
    defer { step += 1 }
    return StepPlan(step: step, batches: taken)
  }

  private mutating func beginEpoch() {
    epoch += 1
    for index in batches.indices {
      var used: [Int: Int] = [:]
      for members in batches[index].nextEpoch() {
        waiting.append(
          members.map { member in
            defer { used[member, default: 0] += 1 }
            return sample(member, of: index, use: (epoch - 1) * uses[index][member] + used[member, default: 0])
          })
      }
    }
    var random = CounterRandom(seed: loaderSeed, 0x4C4F_4144, UInt64(epoch))
    random.shuffle(&waiting)
  }

  private func sample(_ member: Int, of index: Int, use: Int) -> Sample {
    let block = blocks[index]
    let picture = block.pictures[member]
    return Sample(
      picture: picture.picture, source: picture.subset,
      role: picture.isRegularization
        ? .regularization(set: picture.subset, characters: []) : .character(picture.subset),
      use: use, weight: picture.isRegularization ? block.priorWeight : 1,
      placement: block.rule.placement(of: sizes[picture.picture]))
  }

  /// Goes to where a run of the same configuration was after so many steps, by drawing them.
  public mutating func skip(to step: Int) {
    while self.step < step, next() != nil {}
  }
}

extension ExposureReport {
  /// The report of a sampler's next steps; the sampler itself stays where it is.
  public init(of sampler: KohyaSampler, steps: Int) {
    let subsets = sampler.blocks.flatMap(\.pictures).map(\.subset).max() ?? -1
    self.init(sources: subsets + 1, pictures: sampler.sizes.count)
    var sampler = sampler
    for _ in 0..<max(0, steps) {
      guard let plan = sampler.next() else { break }
      add(plan)
    }
    finish()
  }
}
