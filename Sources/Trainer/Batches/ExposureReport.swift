/// How often everything is used over a run: a dry run of the sampler itself, so the numbers are exact.
public struct ExposureReport: Sendable, Hashable {
  /// Uses of one source.
  public struct Use: Sendable, Hashable {
    /// Samples.
    public var samples = 0
    /// The sum of their weights.
    public var weight = 0.0
    /// Steps with at least one sample.
    public var steps = 0
    /// The longest stretch of steps without one.
    public var longestGap = 0
    /// Uses of each picture by this source; another may use the same pictures with class captions.
    public var pictures: [Int: Int] = [:]
    var lastStep = -1

    /// No use.
    public init() {}
  }

  /// Steps of the run.
  public private(set) var steps = 0
  /// Batches that go through the model in all.
  public private(set) var batches = 0
  /// Uses of each source of the plan.
  public private(set) var sources: [Use]
  /// Uses of each picture of the plan.
  public private(set) var pictures: [Int]
  /// Uses of each picture at each size.
  public private(set) var sizes: [PixelSize: Int] = [:]
  /// Samples of regularisation by the character that they are paired with.
  public private(set) var paired: [Int: Int] = [:]
  /// Samples that every character has a part in, alone or in a group.
  public private(set) var characters: [Int: Int] = [:]

  /// An empty report of so many sources and pictures.
  public init(sources: Int, pictures: Int) {
    self.sources = [Use](repeating: Use(), count: sources)
    self.pictures = [Int](repeating: 0, count: pictures)
  }

  /// The report of a sampler's next steps; the sampler itself stays where it is.
  public init(of sampler: CastSampler, steps: Int) {
    self.init(sources: sampler.plan.sources.count, pictures: sampler.plan.sizes.count)
    var sampler = sampler
    for _ in 0..<max(0, steps) { add(sampler.next()) }
    finish()
  }

  /// Counts a step.
  public mutating func add(_ plan: StepPlan) {
    batches += plan.batches.count
    for sample in plan.samples {
      pictures[sample.picture] += 1
      if let placement = sample.placement { sizes[placement.bucket, default: 0] += 1 }
      sources[sample.source].samples += 1
      sources[sample.source].pictures[sample.picture, default: 0] += 1
      sources[sample.source].weight += sample.weight
      if sources[sample.source].lastStep != steps {
        let gap = steps - sources[sample.source].lastStep - 1
        sources[sample.source].longestGap = max(sources[sample.source].longestGap, gap)
        sources[sample.source].lastStep = steps
        sources[sample.source].steps += 1
      }
      switch sample.role {
      case .character(let number): characters[number, default: 0] += 1
      case .group(let numbers): for number in numbers { characters[number, default: 0] += 1 }
      case .regularization(_, let numbers): for number in numbers { paired[number, default: 0] += 1 }
      }
    }
    steps += 1
  }

  /// Closes the last stretches; call it once after the last step.
  public mutating func finish() {
    for index in sources.indices {
      sources[index].longestGap = max(sources[index].longestGap, steps - sources[index].lastStep - 1)
    }
  }

  /// Pictures that are never used.
  public var unused: [Int] { pictures.indices.filter { pictures[$0] == 0 } }
}
