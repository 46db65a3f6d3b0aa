import Trainer

/// What a run came to, for `--json` and the terminal.
struct TrainReport: Encodable {
  struct Character: Encodable {
    var name: String
    var trigger: String
    /// Samples that it had a part in, alone or in a group.
    var samples: Int
    /// The mean loss of its last samples.
    var loss: Double?
    var heldOutLoss: Double?
    /// The step of its least held-out loss, where its training ended early.
    var stoppedAtBest: Int?

    private enum CodingKeys: CodingKey { case name, trigger, samples, loss, heldOutLoss, stoppedAtBest }

    func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(name, forKey: .name)
      try container.encode(trigger, forKey: .trigger)
      try container.encode(samples, forKey: .samples)
      try container.encode(loss, forKey: .loss)
      try container.encode(heldOutLoss, forKey: .heldOutLoss)
      try container.encode(stoppedAtBest, forKey: .stoppedAtBest)
    }
  }

  struct Leak: Encodable {
    var characters: [String]
    var matrix: [[Double]]
    var generic: [Double]
  }

  var schema = 1
  var name: String
  var model: String
  var steps: Int
  var of: Int
  var finished: Bool
  var firstStep: Int
  /// The mean of the last hundred steps.
  var lastLoss: Double?
  var characters: [Character]
  var leak: Leak?
  var files: [String]
  var previews: [String]
  var seconds: Double
  var secondsPerStep: Double?
  var layers: Int

  private enum CodingKeys: CodingKey {
    case schema, name, model, steps, of, finished, firstStep, lastLoss, characters, leak, files, previews, seconds
    case secondsPerStep, layers
  }

  // Numbers that were not measured are null, not absent.
  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(schema, forKey: .schema)
    try container.encode(name, forKey: .name)
    try container.encode(model, forKey: .model)
    try container.encode(steps, forKey: .steps)
    try container.encode(of, forKey: .of)
    try container.encode(finished, forKey: .finished)
    try container.encode(firstStep, forKey: .firstStep)
    try container.encode(lastLoss, forKey: .lastLoss)
    try container.encode(characters, forKey: .characters)
    try container.encode(leak, forKey: .leak)
    try container.encode(files, forKey: .files)
    try container.encode(previews, forKey: .previews)
    try container.encode(seconds, forKey: .seconds)
    try container.encode(secondsPerStep, forKey: .secondsPerStep)
    try container.encode(layers, forKey: .layers)
  }
}

/// What would be trained, for `--dry-run`.
struct TrainPlanReport: Encodable {
  struct Source: Encodable {
    var name: String
    var kind: String
    var pictures: Int
    var samples: Int
    var steps: Int
    var longestGap: Int
    /// The fewest and most uses of one picture.
    var fewestUses: Int
    var mostUses: Int
  }

  struct Size: Encodable {
    var width: Int
    var height: Int
    var samples: Int
  }

  var schema = 1
  var model: String
  var mode: String
  var steps: Int
  var batch: Int
  var accumulation: Int
  var passes: Int
  var sources: [Source]
  var sizes: [Size]
  var heldOut: Int
  var notes: [String]

  /// Makes the report by an exact dry run.
  init(_ plan: RunPlan) {
    let steps = plan.cast.training.steps
    let exposure = plan.steps.exposure(steps: steps)
    model = plan.cast.model.checkpoint
    mode = plan.cast.network.mode.rawValue
    self.steps = steps
    batch =
      switch plan.steps {
      case .cast(let sampler): sampler.plan.batch
      case .kohya(let sampler): sampler.blocks.map(\.batch).max() ?? 1
      }
    accumulation = plan.cast.training.accumulation
    passes = exposure.batches
    heldOut = plan.heldOut.count
    notes = plan.notes
    sizes = exposure.sizes.sorted { $0.key < $1.key }.map {
      Size(width: $0.key.width, height: $0.key.height, samples: $0.value)
    }
    sources = Self.sources(plan, exposure)
  }

  private static func sources(_ plan: RunPlan, _ exposure: ExposureReport) -> [Source] {
    func source(_ name: String, _ kind: String, _ pictures: [Int], _ use: ExposureReport.Use) -> Source {
      let uses = pictures.map { use.pictures[$0] ?? 0 }
      return Source(
        name: name, kind: kind, pictures: pictures.count, samples: use.samples, steps: use.steps,
        longestGap: use.longestGap, fewestUses: uses.min() ?? 0, mostUses: uses.max() ?? 0)
    }
    switch plan.steps {
    case .cast(let sampler):
      return zip(sampler.plan.sources, exposure.sources).map { member, use in
        let pictures = member.pools.flatMap(\.pictures)
        switch member.role {
        case .character(let number): return source(plan.members[number].name, "character", pictures, use)
        case .group(let numbers):
          return source(numbers.map { plan.members[$0].name }.joined(separator: " + "), "group", pictures, use)
        case .regularization(let set, let characters):
          let name = plan.cast.regularization[set].className
          return source(
            name + " with "
              + (characters.isEmpty ? "everybody" : characters.map { plan.members[$0].name }.joined(separator: ", ")),
            "regularization", pictures, use)
        }
      }
    case .kohya:
      return plan.subsets.indices.map { number in
        let subset = plan.subsets[number]
        var kind = "character"
        if case .regularization = subset.owner { kind = "regularization" }
        if case .group = subset.owner { kind = "group" }
        return source(
          subset.folder, kind, plan.pictures.numbers(of: number),
          exposure.sources.indices.contains(number) ? exposure.sources[number] : .init())
      }
    }
  }

  /// The samples that each character has a part in.
  static func used(_ plan: RunPlan, _ exposure: ExposureReport) -> [Int] {
    var samples = [Int](repeating: 0, count: plan.members.count)
    switch plan.steps {
    case .cast:
      for (number, count) in exposure.characters where samples.indices.contains(number) { samples[number] = count }
    case .kohya:
      for (number, use) in exposure.sources.enumerated() where plan.subsets.indices.contains(number) {
        if case .character(let owner) = plan.subsets[number].owner { samples[owner] += use.samples }
        if case .group(let owners) = plan.subsets[number].owner {
          for owner in owners { samples[owner] += use.samples }
        }
      }
    }
    return samples
  }
}
