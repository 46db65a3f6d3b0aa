/// How often what is read in pictures agrees with their captions, attribute by attribute.
struct Agreement: Sendable {
  /// A kind of tag; a caption has at most one of each.
  struct Attribute: Sendable {
    var name: String
    var tags: Set<String>

    init(_ name: String, _ tags: [String]) { (self.name, self.tags) = (name, Set(tags)) }
  }

  /// All kinds.
  static let attributes = [
    Attribute("hair colour", Doll.Hair.allCases.map { "\($0.rawValue) hair" }),
    Attribute("hair style", Doll.Style.allCases.map(\.rawValue)),
    Attribute("skin", Doll.Skin.allCases.map { "\($0.rawValue) skin" }),
    Attribute("shirt", Doll.Shirt.allCases.map { "\($0.rawValue) shirt" }),
    Attribute(
      "trousers, skirt",
      Doll.Garment.allCases.flatMap { garment in
        Doll.GarmentColour.allCases.map { "\($0.rawValue) \(garment.rawValue)" }
      }),
    Attribute("glasses", ["glasses"]),
    Attribute("headwear", Doll.Headwear.allCases.map(\.rawValue)),
    Attribute("pose", Doll.Pose.allCases.map(\.rawValue)),
    Attribute("framing", Doll.Framing.allCases.map(\.rawValue)),
    Attribute("view", Doll.View.allCases.map(\.rawValue)),
    Attribute("background", Doll.Background.allCases.map { "\($0.rawValue) background" }),
  ]

  /// Agreements and readings of each kind.
  private(set) var counts = [(agreed: Int, read: Int)](repeating: (0, 0), count: attributes.count)
  /// The distances of all pictures from what was read in them.
  private(set) var distances: [Double] = []

  /// Takes a picture's reading.
  ///
  /// A kind that neither caption nor picture has, such as the trousers of a portrait, does not count; glasses and
  /// headwear do.
  mutating func add(caption: String, _ reading: Reader.Reading) {
    let wanted = Set(caption.split(separator: ",").map { String($0.drop { $0 == " " }) })
    let found = Set(reading.doll.tags.map(\.text))
    for (index, attribute) in Self.attributes.enumerated() {
      let (asked, seen) = (attribute.tags.intersection(wanted), attribute.tags.intersection(found))
      let isOptional = attribute.name == "glasses" && !wanted.contains("from behind") || attribute.name == "headwear"
      guard !asked.isEmpty || !seen.isEmpty || isOptional else { continue }
      counts[index].read += 1
      if asked == seen { counts[index].agreed += 1 }
    }
    distances.append(reading.distance)
  }

  /// The part of all readings that agree.
  var total: Double {
    let read = counts.reduce(0) { $0 + $1.read }
    return read == 0 ? 0 : Double(counts.reduce(0) { $0 + $1.agreed }) / Double(read)
  }

  /// A table in Markdown.
  var table: String {
    var lines = ["| attribute | agrees |", "|---|---|"]
    func percent(_ part: Double) -> String { "\((part * 1000).rounded() / 10) %" }
    for (attribute, count) in zip(Self.attributes, counts) where count.read > 0 {
      lines.append(
        "| \(attribute.name) | \(count.agreed) of \(count.read) (\(percent(Double(count.agreed) / Double(count.read)))) |"
      )
    }
    lines.append("| all readings | \(percent(total)) |")
    let sorted = distances.sorted()
    if !sorted.isEmpty { lines.append("| distance, median | \((sorted[sorted.count / 2] * 10).rounded() / 10) |") }
    return lines.joined(separator: "\n")
  }
}
