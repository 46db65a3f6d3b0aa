extension DatasetOutline {
  /// The outline of a cast.
  ///
  /// Pictures that the base model draws before the run count as squares of the first resolution.
  /// - Parameters:
  ///   - cast: the configuration.
  ///   - found: what ``CastConfiguration/pictures(measure:)`` gave.
  ///   - model: another base model than the cast's.
  /// - Throws: ``BucketRule/Refusal``, ``OptimisationError``.
  public init(_ cast: CastConfiguration, pictures found: DatasetPictures, model: String? = nil) throws {
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
    let generated = cast.addGenerated(to: &pictures)
    for number in generated.keys.sorted() {
      members[firstSet + number].subsets.append(subsets.count)
      subsets.append(
        Subset(folder: "", member: firstSet + number, captions: cast.captions, images: cast.images))
    }
    for (index, name) in Self.distinct(members.map(\.name)).enumerated() { members[index].name = name }

    // The run's own plan, so that what is counted is what will happen.
    let run = try RunPlan(cast, pictures: pictures, generated: generated)
    let resolution = cast.training.resolutions.max { $0.area < $1.area } ?? PixelSize(1024)
    var sources = subsets.map(\.member)
    switch run.steps {
    case .cast(let sampler):
      sources = sampler.plan.sources.map { source in
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
      for index in subsets.indices { subsets[index].repeats = run.subsets[index].repeats }
    }
    self.init(
      file: cast.file, kind: .cast, members: members, subsets: subsets, pictures: pictures, heldOut: run.heldOut,
      sources: sources, steps: cast.training.steps, seed: UInt64(cast.training.seed),
      accumulation: cast.training.accumulation, resolution: resolution, tokens: cast.model.tokens,
      checkpoint: model ?? cast.path(of: cast.model.checkpoint),
      preservesClasses: cast.losses.outputPreservation > 0 || cast.crossPrior > 0, sampler: run.steps,
      plan: run)
  }
}
