import SafeTensors

/// What one run of the study came to: who was seen in each picture that it drew.
///
/// All tables are made of these alone.
struct StudyRecord: Sendable {
  /// One picture.
  struct Sample: Sendable {
    /// What was asked for: a trigger, two joined by `+`, or a class for a prompt without a trigger.
    var asked: String
    /// The character that was seen, or `doll`.
    var seen: String
    /// The distance to what was seen, 0 to 442.
    var distance: Double
    /// The distance to the nearest drawing of the character that was asked for.
    var own: Double?
    /// The characters nearest in head, torso and legs.
    var parts: [String]
  }

  /// One picture of two characters side by side.
  struct Duo: Sendable {
    /// The two, from left to right.
    var asked: [String]
    /// Who was seen from left to right: one for a picture that shows one figure, none for an empty one.
    var seen: [String]
    /// The characters nearest in head, torso and legs of each figure.
    var parts: [[String]]
    /// What ``DetectAndCompare`` gives.
    var score: Double
  }

  /// The arm of the study.
  var arm: String
  var seed: Int
  var members: [CastMember]
  /// Steps of all trainings together, and the seconds they took.
  var steps: Int
  var seconds: Double
  var samples: [Sample]
  /// Pictures of each LoRA loaded by itself, under its own trigger; empty where a run made one LoRA or drew none.
  var alone: [Sample] = []
  /// Pictures of two; empty where a run drew none.
  var duos: [Duo] = []
  /// How many readings of captioned dolls still agree with the captions, of how many.
  var agreed: Int
  var read: Int

  var json: JSONValue {
    .object([
      "arm": .string(arm), "seed": .whole(seed), "characters": .texts(members.map(\.rawValue)), "steps": .whole(steps),
      "seconds": Self.rounded(seconds), "agreed": .whole(agreed), "read": .whole(read),
      "samples": .array(samples.map(\.json)), "alone": .array(alone.map(\.json)),
      "duos": .array(duos.map(\.json)),
    ])
  }

  /// Reads what ``json`` gives.
  init(path: String) throws {
    let bytes = try TextFile.contents(path) ?? []
    let json = try JSONParser.parse(bytes)
    guard let arm = json["arm"]?.string, let seed = json["seed"]?.int, let steps = json["steps"]?.int,
      let seconds = json["seconds"]?.number, let agreed = json["agreed"]?.int, let read = json["read"]?.int,
      let names = json["characters"]?.elements, let rows = json["samples"]?.elements
    else { throw RecipeFailure("\(path): is no record of the study; delete it and run the study again") }
    (self.arm, self.seed, self.steps, self.seconds, self.agreed, self.read) = (arm, seed, steps, seconds, agreed, read)
    members = names.compactMap { $0.string.flatMap(CastMember.init) }
    func samples(_ rows: [JSONValue]) throws -> [Sample] {
      try rows.map { row in
        guard let sample = Sample(row) else {
          throw RecipeFailure("\(path): has a sample that is none; delete it and run the study again")
        }
        return sample
      }
    }
    self.samples = try samples(rows)
    // Records of earlier runs did not draw LoRAs alone.
    alone = try samples(json["alone"]?.elements ?? [])
    duos = try (json["duos"]?.elements ?? []).map { row in
      guard let duo = Duo(row) else {
        throw RecipeFailure("\(path): has a picture of two that is none; delete it and run the study again")
      }
      return duo
    }
  }

  init(
    arm: String, seed: Int, members: [CastMember], steps: Int, seconds: Double, samples: [Sample],
    alone: [Sample] = [], duos: [Duo] = [], agreed: Int, read: Int
  ) {
    (self.arm, self.seed, self.members, self.steps, self.seconds) = (arm, seed, members, steps, seconds)
    (self.samples, self.alone, self.duos, self.agreed, self.read) = (samples, alone, duos, agreed, read)
  }

  fileprivate static func rounded(_ value: Double) -> JSONValue { .double((value * 10).rounded() / 10) }
}

extension StudyRecord.Sample {
  fileprivate var json: JSONValue {
    .array([
      .string(asked), .string(seen), StudyRecord.rounded(distance), own.map(StudyRecord.rounded) ?? .null,
      .string(parts.joined(separator: " ")),
    ])
  }

  fileprivate init?(_ row: JSONValue) {
    guard let fields = row.elements, fields.count == 5, let asked = fields[0].string, let seen = fields[1].string,
      let distance = fields[2].number, let parts = fields[4].string
    else { return nil }
    self.init(
      asked: asked, seen: seen, distance: distance, own: fields[3].number,
      parts: parts.split(separator: " ").map(String.init))
  }
}

extension StudyRecord.Duo {
  fileprivate var json: JSONValue {
    .array([
      .string(asked.joined(separator: "+")), .string(seen.joined(separator: "+")),
      .string(parts.map { $0.joined(separator: " ") }.joined(separator: " + ")),
      .double((score * 1000).rounded() / 1000),
    ])
  }

  fileprivate init?(_ row: JSONValue) {
    guard let fields = row.elements, fields.count == 4, let asked = fields[0].string, let seen = fields[1].string,
      let parts = fields[2].string, let score = fields[3].number
    else { return nil }
    func words(_ text: String, _ separator: Character) -> [String] {
      text.split(separator: separator).map(String.init)
    }
    self.init(
      asked: words(asked, "+"), seen: words(seen, "+"), parts: words(parts, "+").map { words($0, " ") }, score: score)
  }
}
