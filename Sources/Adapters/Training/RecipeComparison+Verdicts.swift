import SafeTensors

extension RecipeComparison {
  // MARK: - Base

  static func compareBases(_ a: TrainingRecord.BaseModel, _ b: TrainingRecord.BaseModel) -> Verdict {
    func quoted(_ name: String?) -> String { "“\((name ?? "unnamed").shortened(to: 80))”" }
    if let first = a.modelHash, let second = b.modelHash, first == second {
      // Only a full SHA-256 is proof; the old short hash reads a small part of the file.
      return first.utf8.count >= 64
        ? Verdict(answer: .yes, evidence: "The base models' checksums are equal (\(first.prefix(10))).")
        : Verdict(answer: .likely, evidence: "The base models' short hashes are equal (\(first)).")
    }
    if let first = a.legacyHash, let second = b.legacyHash, first == second {
      return Verdict(answer: .likely, evidence: "The base models' short hashes are equal (\(first)).")
    }
    let isTelling = a.assessment.kind != .unknown && b.assessment.kind != .unknown
    if isTelling, normalised(a.modelName) == normalised(b.modelName) {
      let differ = (a.modelHash != nil && b.modelHash != nil) ? ", though with different checksums" : ""
      return Verdict(
        answer: .likely, evidence: "The base models have one name, \(quoted(a.modelName))\(differ).")
    }
    if let first = a.assessment.foundation, first == b.assessment.foundation,
      a.assessment.kind == .foundation, b.assessment.kind == .foundation,
      a.assessment.expectedPrediction == b.assessment.expectedPrediction
    {
      return Verdict(
        answer: .unknown,
        evidence:
          "The bases are of one family, \(first), perhaps in different versions: \(quoted(a.modelName)) and "
          + "\(quoted(b.modelName)).")
    }
    if isTelling, a.modelName != nil, b.modelName != nil {
      return Verdict(
        answer: .no, evidence: "The bases are \(quoted(a.modelName)) and \(quoted(b.modelName)).")
    }
    if let first = a.version, let second = b.version, family(first) != family(second) {
      return Verdict(answer: .no, evidence: "The base families are “\(first)” and “\(second)”.")
    }
    return Verdict(answer: .unknown, evidence: "At least one record does not name its base model.")
  }

  private static func normalised(_ name: String?) -> String? {
    let plain = name.map(RecipeNormalisation.model) ?? ""
    return plain.isEmpty ? nil : plain
  }

  /// Trainers spell one family in several ways: `sdxl_`, `sdxl_base_v1-0`, `stable-diffusion-xl-v1-base/lora`.
  static func family(_ version: String) -> String {
    let plain = version.lettersAndDigits
    let families = [
      ("sdxl", "sdxl"), ("stablediffusionxl", "sdxl"), ("sdv1", "sd1"), ("sd1", "sd1"),
      ("stablediffusionv1", "sd1"),
      ("sdv2", "sd2"), ("sd2", "sd2"), ("stablediffusionv2", "sd2"), ("sd3", "sd3"),
      ("stablediffusion3", "sd3"),
      ("flux2", "flux2"), ("flux", "flux1"),
    ]
    return families.first { plain.hasPrefix($0.0) }?.1 ?? plain
  }

  // MARK: - Run

  static func compareRuns(_ a: TrainingRecord, _ b: TrainingRecord) -> Verdict {
    let first = a.identity
    let second = b.identity
    let isSameSetup =
      first.trainerRevision != nil && first.trainerRevision == second.trainerRevision
      && !a.data.datasets.isEmpty
      && folders(a) == folders(b)
    if let session = first.sessionID, let other = second.sessionID {
      if session == other {
        return Verdict(answer: .yes, evidence: "They share the session number \(session.shortened(to: 40)).")
      }
      let series = isSameSetup ? ", though the trainer's revision and the image folders are the same" : ""
      return Verdict(answer: .no, evidence: "The session numbers differ\(series).")
    }
    if let start = first.startedAt, let other = second.startedAt {
      return start == other
        ? Verdict(answer: .yes, evidence: "They began at the same moment.")
        : Verdict(answer: .no, evidence: "They began at different times.")
    }
    if isSameSetup {
      return Verdict(answer: .likely, evidence: "The trainer's revision and the image folders are the same.")
    }
    return Verdict(
      answer: .unknown, evidence: "At least one record has neither a session number nor a start time.")
  }

  private static func folders(_ record: TrainingRecord) -> [String] {
    record.data.datasets.map { "\($0.name)/\($0.repeats)/\($0.images ?? -1)" }.sorted()
  }

  // MARK: - Author

  static func compareAuthors(_ a: TrainingRecord, _ b: TrainingRecord) -> Verdict {
    if let first = a.identity.author, let second = b.identity.author {
      return first.lowercased() == second.lowercased()
        ? Verdict(answer: .yes, evidence: "They name “\(first.shortened(to: 60))” as their author.")
        : Verdict(
          answer: .no,
          evidence: "The authors are “\(first.shortened(to: 60))” and “\(second.shortened(to: 60))”.")
    }
    guard let revision = a.identity.trainerRevision, revision == b.identity.trainerRevision,
      let hash = a.base.modelHash, hash == b.base.modelHash, style(a) == style(b)
    else { return Verdict(answer: .unknown, evidence: "The records do not name their authors.") }
    return Verdict(
      answer: .likely,
      evidence:
        "The trainer's revision (\(revision.prefix(8))), the base model's checksum and the way the images were "
        + "prepared are the same.")
  }

  /// Habits of preparing images that rarely change from one character to the next.
  private static func style(_ record: TrainingRecord) -> [String] {
    let data = record.data
    let numbered = data.datasets.contains { $0.concept != $0.name }
    return [
      data.resolutionText ?? "", String(describing: data.bucketsEnabled),
      String(describing: data.minBucketSide),
      String(describing: data.maxBucketSide), String(describing: record.captions.shuffle),
      String(describing: record.captions.keepTokens), String(numbered),
    ]
  }

  // MARK: - Parameters

  /// The parameters that decide how a LoRA comes out, as far as a record tells them.
  private static func mainParameters(_ record: TrainingRecord) -> [(label: String, value: String?)] {
    let o = record.optimisation
    let n = record.noise
    let noise: [(String, Double?)] = [
      ("offset", n.noiseOffset), ("gamma", n.minSNRGamma), ("input", n.ipNoiseGamma),
      ("multires", n.multiresIterations.map { Double($0) }),
    ]
    let noises = noise.compactMap { name, value in
      value.flatMap { $0 == 0 ? nil : "\(name) \(PlainText.number($0))" }
    }
    // A trainer that writes noise settings at all writes the optimizer too; else absence tells nothing.
    let noiseText = noises.isEmpty ? o.optimizer.map { _ in "none" } : noises.joined(separator: ", ")
    let rates = [o.learningRate, o.unetLR].compactMap { $0 } + o.textEncoderLR
    return [
      ("rank", record.network.dim.map { String($0) } ?? record.network.dimText),
      ("alpha", record.network.alpha.map(PlainText.number) ?? record.network.alphaText),
      ("learning rate", rates.isEmpty ? nil : PlainText.numbers(rates)),
      ("optimizer", o.optimizer.map { RecipeNormalisation.value($0, of: "optimizer") }),
      ("scheduler", o.scheduler.map { RecipeNormalisation.value($0, of: "scheduler") }),
      ("steps", (o.steps ?? o.maxTrainSteps).map { String($0) }),
      (
        "resolution",
        record.data.resolutions.isEmpty
          ? record.data.resolutionText : record.data.resolutions.map(PlainText.size).joined(separator: ", ")
      ), ("noise", noiseText), ("prediction type", record.base.predictionType?.rawValue),
    ]
  }

  static func compareParameters(_ records: [TrainingRecord]) -> (Verdict, [String]) {
    guard records.count > 1 else { return (.alone, []) }
    let tables = records.map(mainParameters)
    var differing: [String] = []
    var unstated: [String] = []
    for index in tables[0].indices {
      let values = tables.map { $0[index].value }
      let stated = Set(values.compactMap { $0 })
      let label = tables[0][index].label
      if stated.count > 1 {
        differing.append(label)
      } else if values.contains(nil) {
        unstated.append(label)
      }
    }
    let all = tables[0].count
    if !differing.isEmpty {
      return (
        Verdict(answer: .no, evidence: "These differ: \(differing.joined(separator: ", "))."), differing
      )
    }
    if unstated.isEmpty {
      return (Verdict(answer: .yes, evidence: "All \(all) main parameters are equal."), [])
    }
    if unstated.count > all - 4 {
      return (Verdict(answer: .unknown, evidence: "The records state too few of the main parameters."), [])
    }
    return (
      Verdict(
        answer: .likely,
        evidence: "What all records state is equal; not stated by all: \(unstated.joined(separator: ", "))."),
      []
    )
  }
}
