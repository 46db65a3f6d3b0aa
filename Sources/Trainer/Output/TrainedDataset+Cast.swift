extension TrainedDataset {
  /// The pictures of a cast.
  ///
  /// Casts have no repeats. A folder's are how often a picture of it is used against one of the training folder that is
  /// used least, rounded: with them sd-scripts would give folders the same parts of an epoch. An epoch is over when every
  /// training picture was used as often at every resolution.
  /// - Parameters:
  ///   - cast: the configuration.
  ///   - pictures: what ``CastConfiguration/pictures(measure:)`` gave, with generated ones.
  ///   - plan: the plan of the run.
  ///   - character: the character that a file is for, by number; the folders of what it has no part in are left out.
  public init(_ cast: CastConfiguration, pictures: DatasetPictures, plan: CastPlan, character: Int? = nil) {
    let uses = CastUses(plan, character: character)
    var names = FolderNames()
    var folders: [(folder: Folder, numbers: [Int], rate: Double)] = []
    var heldOut = 0
    for (number, member) in Self.members(cast).enumerated() {
      let all = pictures.numbers(of: number)
      let isRegularization = member.set != nil
      // Names are told apart before folders are left out, so that all files of a run call them alike.
      let name = names.name(of: member.subset.images)
      let rates = isRegularization ? uses.regularization : uses.training
      let numbers = all.filter { rates[$0] > 0 }
      guard !numbers.isEmpty else { continue }
      if !isRegularization { heldOut += all.count - numbers.count }
      var folder = Folder(
        name: name, images: numbers.count, isRegularization: isRegularization, classTokens: member.tokens,
        captions: member.subset.captions)
      folder.flips = member.subset.pictures.flips
      folder.cropsAtRandom = member.subset.pictures.crop == .random
      folder.tags = TagFrequency.counts(of: numbers.map { pictures.pictures[$0].caption }, rule: folder.captions)
      folders.append((folder, numbers, numbers.reduce(0) { $0 + rates[$1] } / Double(numbers.count)))
    }
    for source in plan.sources {
      guard case .regularization(let set, _) = source.role, cast.regularization.indices.contains(set),
        cast.regularization[set].generated != nil
      else { continue }
      let numbers = source.pools.flatMap(\.pictures).filter { uses.regularization[$0] > 0 }
      guard let first = numbers.first else { continue }
      let parts = pictures.pictures[first].path.split(separator: "/").dropLast()
      var folder = Folder(
        name: names.name(of: parts.joined(separator: "/")), images: numbers.count, isRegularization: true,
        classTokens: cast.regularization[set].className)
      folder.tags = TagFrequency.counts(of: numbers.map { pictures.pictures[$0].caption }, rule: folder.captions)
      folders.append((folder, numbers, numbers.reduce(0) { $0 + uses.regularization[$1] } / Double(numbers.count)))
    }
    let least = folders.filter { !$0.folder.isRegularization }.map(\.rate).min() ?? 1
    for index in folders.indices {
      folders[index].folder.repeats = max(1, Int((folders[index].rate / least).rounded()))
    }
    let blocks = plan.buckets.rules.map { rule in
      var block = Block(rule: rule, batch: plan.batch, folders: folders.map(\.folder))
      block.place(folders.map { ($0.numbers, $0.folder.repeats) }, sizes: plan.sizes)
      return block
    }
    let steps = Double(blocks.reduce(0) { $0 + $1.trainingImages }) / max(uses.trainingSamples, 1e-9)
    // Sums of shares are off by a few units in the last place, which must not begin another batch.
    self.init(blocks: blocks, batchesPerEpoch: Int((steps * Double(plan.accumulation) - 1e-6).rounded(.up)))
    validationImages = heldOut
  }

  /// The subsets of a cast in the order of their numbers; `set` is nil for pictures of characters.
  private static func members(
    _ cast: CastConfiguration
  ) -> [(subset: CastConfiguration.Subset, tokens: String, set: Int?)] {
    let characters = cast.characters.flatMap { character in
      let tokens = [character.trigger, character.className].filter { !$0.isEmpty }.joined(separator: ", ")
      return character.subsets.map { (subset: $0, tokens: tokens, set: Int?.none) }
    }
    let groups = cast.groups.flatMap { group in
      let triggers = cast.characters.filter { group.characters.contains($0.name) }.map(\.trigger)
      return group.subsets.map { (subset: $0, tokens: triggers.joined(separator: ", "), set: Int?.none) }
    }
    let regularization = cast.regularization.enumerated().flatMap { number, set in
      set.subsets.map { (subset: $0, tokens: set.className, set: Int?.some(number)) }
    }
    return characters + groups + regularization
  }
}

extension TrainedDataset.Block {
  /// Counts where pictures go.
  mutating func place(_ folders: [(numbers: [Int], uses: Int)], sizes: [PixelSize]) {
    var (error, count) = (0.0, 0)
    for (numbers, uses) in folders {
      for number in numbers {
        guard let placement = rule.placement(of: sizes[number]) else { continue }
        buckets[placement.bucket, default: 0] += uses
        error += abs(placement.bucket.ratio - sizes[number].ratio)
        count += 1
      }
    }
    ratioError = count > 0 ? error / Double(count) : 0
  }
}

/// How often a plan uses each picture in a step, on average.
private struct CastUses {
  /// For a character or a group.
  var training: [Double]
  /// For a regularisation set.
  var regularization: [Double]
  /// Samples of characters and groups in a step.
  var trainingSamples = 0.0

  /// The uses in sources that a character has a part in; in all for nil.
  init(_ plan: CastPlan, character: Int?) {
    training = plan.sizes.map { _ in 0 }
    regularization = training
    for (source, due) in zip(plan.sources, CastSampler(plan).due) {
      let pools = source.pools.filter { !$0.pictures.isEmpty }
      let total = pools.reduce(0) { $0 + $1.share }
      let isTraining: Bool
      switch source.role {
      case .character(let number):
        guard character == nil || character == number else { continue }
        isTraining = true
      case .group(let numbers):
        guard character.map(numbers.contains) ?? true else { continue }
        isTraining = true
      case .regularization(_, let numbers):
        guard character.map(numbers.contains) ?? true else { continue }
        isTraining = false
      }
      if isTraining { trainingSamples += due }
      for pool in pools where total > 0 {
        let rate = due * pool.share / total / Double(pool.pictures.count)
        for picture in pool.pictures {
          if isTraining { training[picture] += rate } else { regularization[picture] += rate }
        }
      }
    }
  }
}
