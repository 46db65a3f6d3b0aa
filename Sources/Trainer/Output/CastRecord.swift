internal import Adapters

/// Who was trained how much, for the metadata of a run's files.
public struct CastRecord: Sendable, Hashable {
  /// Pictures and samples.
  public struct Count: Sendable, Hashable {
    /// Pictures that are trained on.
    public var images = 0
    /// Samples so far.
    public var samples = 0

    /// Counts of these numbers.
    public init(images: Int = 0, samples: Int = 0) { (self.images, self.samples) = (images, samples) }
  }

  /// A character.
  public struct Member: Sendable, Hashable {
    /// Its name.
    public var name: String
    /// The word that calls it, with its class.
    public var word: TriggerWord
    /// What its loss is multiplied with.
    public var weight = 1.0
    /// Its own pictures, and the samples that it has a part in.
    public var count: Count
    /// Samples of regularisation that were paired with it.
    public var paired = 0
    /// The longest stretch of steps without it.
    public var longestGap = 0
  }

  /// Several characters in one picture.
  public struct Group: Sendable, Hashable {
    /// Their names.
    public var characters: [String]
    /// What the loss is multiplied with.
    public var weight: Double
    /// Pictures and samples.
    public var count: Count
  }

  /// A regularisation set.
  public struct Regularization: Sendable, Hashable {
    /// Its class.
    public var className: String
    /// What predictions are held to.
    public var target: CastConfiguration.Regularization.Target
    /// The characters that it is paired with, by name; empty where sets are pooled.
    public var pairsWith: [String]
    /// What the loss is multiplied with.
    public var weight: Double
    /// Samples for each of a paired character; nil where sets are pooled.
    public var ratio: Double?
    /// Pictures, 0 where the characters' own serve, and samples.
    public var count: Count
    /// How many of the pictures the base model drew.
    public var generated = 0
  }

  /// The characters.
  public var members: [Member]
  /// The groups.
  public var groups: [Group] = []
  /// The regularisation sets.
  public var regularization: [Regularization] = []
  /// Samples of characters and groups.
  public var samples: Int
  /// How batches are made.
  public var matching: CastConfiguration.Training.Matching

  /// The record of a cast.
  ///
  /// - Parameters:
  ///   - cast: the configuration.
  ///   - plan: the plan of the run.
  ///   - exposure: the samples so far, of this plan.
  public init(_ cast: CastConfiguration, plan: CastPlan, exposure: ExposureReport) {
    let sources = Array(zip(plan.sources, exposure.sources))
    func count(_ isMeant: (CastPlan.Role) -> Bool) -> Count {
      sources.filter { isMeant($0.0.role) }.reduce(into: Count()) { count, source in
        count.images += source.0.pools.reduce(0) { $0 + $1.pictures.count }
        count.samples += source.1.samples
      }
    }
    members = cast.characters.enumerated().map { number, character in
      var count = count { $0 == .character(number) }
      count.samples = exposure.characters[number] ?? 0
      let source = sources.first { $0.0.role == .character(number) }
      return Member(
        name: character.name, word: character.triggerWord, weight: character.weight, count: count,
        paired: exposure.paired[number] ?? 0, longestGap: source.map { Self.gap($0.1, exposure) } ?? 0)
    }
    // A group without pictures has no source; those that have one are in the configuration's order.
    for (source, use) in sources {
      guard case .group(let numbers) = source.role else { continue }
      groups.append(
        Group(
          characters: numbers.map { cast.characters[$0].name }, weight: source.weight,
          count: Count(images: source.pools.reduce(0) { $0 + $1.pictures.count }, samples: use.samples)))
    }
    for (number, set) in cast.regularization.enumerated() {
      var count = count { role in
        if case .regularization(number, _) = role { true } else { false }
      }
      if set.subsets.isEmpty, set.generated == nil { count.images = 0 }
      let own = set.subsets.isEmpty ? 0 : count.images
      regularization.append(
        Regularization(
          className: set.className, target: set.target,
          pairsWith: set.pairsWith.isEmpty ? cast.characters.map(\.name) : set.pairsWith,
          weight: set.weight ?? cast.losses.priorWeight, ratio: set.ratio, count: count,
          generated: count.images - own))
    }
    samples = sources.reduce(0) { sum, source in
      if case .regularization = source.0.role { sum } else { sum + source.1.samples }
    }
    matching = .cast
  }

  /// The longest stretch without a source, up to now.
  private static func gap(_ use: ExposureReport.Use, _ exposure: ExposureReport) -> Int {
    max(use.longestGap, exposure.steps - use.lastStep - 1)
  }

  /// The record of a cast that is trained as sd-scripts does: regularisation sets are pooled.
  ///
  /// - Parameters:
  ///   - run: the plan of the run.
  ///   - exposure: the samples so far, of ``KohyaSampler``'s subsets.
  init(pooled run: RunPlan, exposure: ExposureReport) {
    let cast = run.cast
    func images(_ subset: Int) -> Int { run.pictures.numbers(of: subset).count { !run.heldOut.contains($0) } }
    func use(_ subset: Int) -> ExposureReport.Use {
      exposure.sources.indices.contains(subset) ? exposure.sources[subset] : .init()
    }
    func count(_ isMeant: (RunPlan.Owner) -> Bool) -> Count {
      run.subsets.indices.filter { isMeant(run.subsets[$0].owner) }.reduce(into: Count()) { count, subset in
        count.images += images(subset)
        count.samples += use(subset).samples
      }
    }
    matching = .kohya
    members = cast.characters.enumerated().map { number, character in
      var own = count { $0 == .character(number) }
      own.samples += count { if case .group(let numbers) = $0 { numbers.contains(number) } else { false } }.samples
      // The stretch without any of its subsets is at most that without one of them.
      let gaps = run.subsets.indices.filter { run.subsets[$0].owner == .character(number) }.map {
        Self.gap(use($0), exposure)
      }
      return Member(
        name: character.name, word: character.triggerWord, weight: character.weight, count: own,
        longestGap: gaps.min() ?? 0)
    }
    samples = count { if case .regularization = $0 { false } else { true } }.samples
    groups = cast.groups.map { group in
      let numbers = group.characters.compactMap { name in cast.characters.firstIndex { $0.name == name } }
      return Group(characters: group.characters, weight: group.weight, count: count { $0 == .group(numbers) })
    }
    regularization = cast.regularization.enumerated().map { number, set in
      let count = count { $0 == .regularization(number) }
      return Regularization(
        className: set.className, target: set.target, pairsWith: [], weight: cast.losses.priorWeight, ratio: nil,
        count: count, generated: set.generated == nil ? 0 : count.images)
    }
  }

  /// The record of an sd-scripts configuration: folders are what it has for characters.
  ///
  /// - Parameters:
  ///   - configuration: the configuration.
  ///   - pictures: the pictures.
  ///   - exposure: the samples so far, of ``KohyaSampler``'s subsets.
  public init(_ configuration: DatasetConfiguration, pictures: DatasetPictures, exposure: ExposureReport) {
    (members, samples, matching) = ([], 0, .kohya)
    var number = 0
    for dataset in configuration.datasets {
      for subset in dataset.subsets {
        defer { number += 1 }
        let images = pictures.numbers(of: number).count
        let use = exposure.sources.indices.contains(number) ? exposure.sources[number] : .init()
        guard subset.repeats > 0, images > 0 else { continue }
        let count = Count(images: images, samples: use.samples)
        let tokens = subset.classTokens ?? ""
        if subset.isRegularization {
          regularization.append(
            Regularization(
              className: tokens, target: .image, pairsWith: [], weight: dataset.priorWeight, ratio: nil, count: count))
        } else {
          let place = subset.images.isEmpty ? subset.metadata ?? "" : subset.images
          samples += use.samples
          members.append(
            Member(
              name: TrainedDataset.lastPart(of: place), word: TriggerWord(trigger: "", className: tokens),
              count: count, longestGap: Self.gap(use, exposure)))
        }
      }
    }
  }
}
