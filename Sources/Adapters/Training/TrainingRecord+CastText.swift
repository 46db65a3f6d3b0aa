import SafeTensors

extension TrainingRecord.Cast {
  /// The record as it stands in a file; members without a value are left out.
  package var text: String {
    var members: [JSONValue.Member] = [.init(name: "schema", value: .unsigned(1))]
    func add(_ name: String, _ value: JSONValue?) {
      if let value { members.append(.init(name: name, value: value)) }
    }
    add("troupe", troupe.map { .string($0) })
    add("mode", mode.map { .string($0) })
    add("file", file.map { .string($0) })
    add("matching", matching.map { .string($0) })
    add("seed", seed.map(JSONValue.whole))
    add("steps", steps.map(JSONValue.whole))
    add("samples_per_step", samplesPerStep.map(JSONValue.whole))
    add("format", format.map { .string($0) })
    add("continues", continues.map { .string($0) })
    let counts = layers.sorted { $0.key < $1.key }
    add("layers", .object(counts.map { .init(name: $0.key, value: .whole($0.value)) }))
    add("characters", .array(characters.map(\.json)))
    add("groups", .array(groups.map(\.json)))
    add("regularization", .array(regularization.map(\.json)))
    add("losses", .object(losses.map { .init(name: $0.name, value: .double($0.weight)) }))
    return JSONValue.object(members).text
  }

  /// Reads a record.
  ///
  /// - Returns: nil for a value of another form. Of a later layout what is known is read.
  init?(_ value: JSONValue) {
    guard value.members != nil, value["schema"]?.count != nil else { return nil }
    self.init()
    troupe = value["troupe"]?.filledText
    mode = value["mode"]?.filledText
    file = value["file"]?.filledText
    matching = value["matching"]?.filledText
    seed = value["seed"]?.int
    steps = value["steps"]?.count
    samplesPerStep = value["samples_per_step"]?.count
    format = value["format"]?.filledText
    continues = value["continues"]?.filledText
    for member in value["layers"]?.members ?? [] { layers[member.name] = member.value.count }
    losses = (value["losses"]?.members ?? []).compactMap { member in
      member.value.number.map { Loss(name: member.name, weight: $0) }
    }
    // A list with anything else in it is not this trainer's.
    guard let characters = Self.list(value["characters"], Member.init),
      let groups = Self.list(value["groups"], Group.init),
      let regularization = Self.list(value["regularization"], RegularizationSet.init)
    else { return nil }
    (self.characters, self.groups, self.regularization) = (characters, groups, regularization)
  }

  private static func list<Item>(_ value: JSONValue?, _ read: (JSONValue) -> Item?) -> [Item]? {
    guard let value else { return [] }
    guard let elements = value.elements else { return nil }
    let items = elements.compactMap(read)
    return items.count == elements.count ? items : nil
  }
}

extension TrainingRecord.Cast.Member {
  fileprivate var json: JSONValue {
    .object([
      "name": .string(name), "trigger": .string(trigger), "class": .string(className), "weight": .double(weight),
      "images": .whole(images), "samples": .whole(samples), "share": .double(share), "paired": .whole(paired),
      "longest_gap": .whole(longestGap),
    ])
  }

  fileprivate init?(_ value: JSONValue) {
    guard let name = value["name"]?.filledText else { return nil }
    self.init(
      name: name, trigger: value["trigger"]?.filledText ?? "", className: value["class"]?.filledText ?? "",
      weight: value["weight"]?.number ?? 1, images: value["images"]?.count ?? 0,
      samples: value["samples"]?.count ?? 0, share: value["share"]?.number ?? 0,
      paired: value["paired"]?.count ?? 0, longestGap: value["longest_gap"]?.count ?? 0)
  }
}

extension TrainingRecord.Cast.Group {
  fileprivate var json: JSONValue {
    .object([
      "characters": .texts(characters), "weight": .double(weight), "images": .whole(images),
      "samples": .whole(samples),
    ])
  }

  fileprivate init?(_ value: JSONValue) {
    guard let characters = value["characters"]?.elements?.compactMap(\.filledText) else { return nil }
    self.init(
      characters: characters, weight: value["weight"]?.number ?? 1, images: value["images"]?.count ?? 0,
      samples: value["samples"]?.count ?? 0)
  }
}

extension TrainingRecord.Cast.RegularizationSet {
  fileprivate var json: JSONValue {
    .object([
      "class": .string(className), "target": .string(target), "pairs_with": .texts(pairsWith),
      "weight": .double(weight), "ratio": ratio.map { .double($0) } ?? .null, "images": .whole(images),
      "generated": .whole(generated), "samples": .whole(samples),
    ])
  }

  fileprivate init?(_ value: JSONValue) {
    guard value.members != nil else { return nil }
    self.init(
      className: value["class"]?.filledText ?? "", target: value["target"]?.filledText ?? "image",
      pairsWith: value["pairs_with"]?.elements?.compactMap(\.filledText) ?? [], weight: value["weight"]?.number ?? 1,
      ratio: value["ratio"]?.number, images: value["images"]?.count ?? 0, generated: value["generated"]?.count ?? 0,
      samples: value["samples"]?.count ?? 0)
  }
}
