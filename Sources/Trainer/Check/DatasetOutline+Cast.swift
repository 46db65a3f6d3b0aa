extension DatasetOutline {
  /// The outline of a cast.
  ///
  /// Pictures that the base model draws before the run count as squares of the first resolution.
  /// - Parameters:
  ///   - cast: the configuration.
  ///   - found: what ``CastConfiguration/pictures(measure:)`` gave.
  ///   - model: another base model than the cast's.
  /// - Throws: ``BucketRule/Refusal``.
  public init(
    _ cast: CastConfiguration, pictures found: DatasetPictures, model: String? = nil
  ) throws(BucketRule.Refusal) {
    var pictures = found
    var members: [Member] = []
    var subsets: [Subset] = []
    func add(_ kind: Member.Kind, _ name: String, _ folders: [CastConfiguration.Subset]) {
      let first = subsets.count
      subsets += folders.map {
        Subset(
          folder: cast.path(of: $0.images), member: members.count, captions: $0.captions, images: $0.pictures)
      }
      members.append(Member(kind: kind, name: name, subsets: Array(first..<subsets.count)))
    }
    for character in cast.characters {
      add(.character, character.name, character.subsets)
      members[members.count - 1].trigger = character.trigger
      members[members.count - 1].className = character.className
    }
    func numbers(_ names: [String]) -> [Int] {
      names.compactMap { name in cast.characters.firstIndex { $0.name == name } }
    }
    for group in cast.groups {
      add(.group, group.characters.joined(separator: " + "), group.subsets)
      members[members.count - 1].characters = numbers(group.characters)
    }
    let firstSet = members.count
    for set in cast.regularization {
      add(.regularization, "reg \(set.className)", set.subsets)
      members[members.count - 1].className = set.className
      members[members.count - 1].characters =
        set.pairsWith.isEmpty ? Array(cast.characters.indices) : numbers(set.pairsWith)
    }
    var generated: [Int: [Int]] = [:]
    for (number, set) in cast.regularization.enumerated() {
      guard let count = set.generated else { continue }
      let subset = subsets.count
      subsets.append(
        Subset(folder: "", member: firstSet + number, captions: cast.captions, images: cast.images))
      members[firstSet + number].subsets.append(subset)
      generated[number] = Array(pictures.pictures.count..<pictures.pictures.count + count)
      let side = cast.training.resolutions.first ?? PixelSize(1024)
      pictures.pictures += (0..<count).map { _ in
        DatasetPictures.Picture(path: "", size: side, caption: set.className, subset: subset)
      }
    }
    for (index, name) in Self.distinct(members.map(\.name)).enumerated() { members[index].name = name }

    let seed = UInt64(cast.training.seed)
    let own = 0..<cast.characters.reduce(0) { $0 + $1.subsets.count }
    let heldOut = pictures.heldOut(of: own, share: cast.training.validation, seed: seed)
    let plan = try CastPlan(cast, pictures: pictures, heldOut: heldOut, generated: generated)
    let resolution = cast.training.resolutions.max { $0.area < $1.area } ?? PixelSize(1024)
    let sampler: StepSource
    var sources: [Int]
    switch cast.training.matching {
    case .cast:
      sampler = .cast(CastSampler(plan))
      sources = plan.sources.map { source in
        switch source.role {
        case .character(let number): return number
        case .regularization(let set, _): return firstSet + set
        case .group:
          // Two groups may hold the same characters; their pictures tell them apart.
          let picture = source.pools.lazy.flatMap(\.pictures).first
          return picture.map { subsets[pictures.pictures[$0].subset].member } ?? 0
        }
      }
    case .kohya:
      let block = KohyaSampler.Block(
        pictures: pictures.pictures.indices.filter { !heldOut.contains($0) }.map { number in
          let subset = pictures.pictures[number].subset
          let isRegularization = members[subsets[subset].member].kind == .regularization
          return .init(
            picture: number, subset: subset, repeats: Self.repeats(cast.subsets, subset),
            isRegularization: isRegularization)
        }, rule: plan.buckets.rules[0], batch: cast.training.batch, priorWeight: cast.losses.priorWeight)
      for index in subsets.indices { subsets[index].repeats = Self.repeats(cast.subsets, index) }
      sampler = .kohya(
        KohyaSampler(
          blocks: [block], sizes: pictures.sizes, accumulation: cast.training.accumulation, seed: cast.training.seed))
      sources = subsets.map(\.member)
    }
    self.init(
      file: cast.file, kind: .cast, members: members, subsets: subsets, pictures: pictures, heldOut: heldOut,
      sources: sources, steps: cast.training.steps, seed: seed, accumulation: cast.training.accumulation,
      resolution: resolution,
      tokens: cast.model.tokens, checkpoint: model ?? cast.path(of: cast.model.checkpoint),
      preservesClasses: cast.losses.outputPreservation > 0 || cast.crossPrior > 0, sampler: sampler)
  }

  /// A subset's share as whole repeats, which are all that sd-scripts' batches know.
  private static func repeats(_ subsets: [CastConfiguration.Subset], _ number: Int) -> Int {
    subsets.indices.contains(number) ? max(1, Int(subsets[number].share.rounded())) : 1
  }
}
