/// Captions that say two things that cannot both be.
enum ContradictionFindings {
  /// Tags of which at most one is true of a picture.
  private static let exclusive: [[String]] = [
    ["solo", "multiple girls"], ["solo", "multiple boys"], ["solo", "2girls"], ["solo", "2boys"], ["solo", "couple"],
    ["full body", "upper body", "portrait"], ["full body", "cowboy shot", "close-up"], ["close-up", "wide shot"],
    ["from behind", "from front"], ["from above", "from below"], ["indoors", "outdoors"], ["day", "night"],
    ["white background", "black background", "transparent background", "grey background"],
    ["short hair", "long hair", "very long hair"], ["closed eyes", "looking at viewer"],
    ["open mouth", "closed mouth"],
    ["no humans", "1girl"], ["no humans", "1boy"], ["no humans", "solo"],
  ]
  private static let people = ["1girl", "1boy", "1woman", "1man"]

  static func all(_ context: CheckContext) -> [DatasetCheck.Finding] {
    context.outline.members.indices.flatMap { pairs(context, $0) + wrongClass(context, $0) }
  }

  private static func pairs(_ context: CheckContext, _ member: Int) -> [DatasetCheck.Finding] {
    // With several people in a picture, one may be seen in full and the other not.
    guard context.outline.members[member].kind != .group else { return [] }
    var found: [(tags: [String], pictures: [Int])] = []
    for number in context.pictures[member] {
      let tags = Set(context.captions[number].tags)
      for set in exclusive {
        let both = set.filter { tags.contains($0) }
        guard both.count > 1 else { continue }
        if let place = found.firstIndex(where: { $0.tags == both }) {
          found[place].pictures.append(number)
        } else {
          found.append((both, [number]))
        }
      }
    }
    return found.map { tags, numbers in
      context.finding(
        "contradictory-caption", .warning, [member], numbers,
        evidence: "\(tags.quoted()) on \(numbers.count.of("caption")): \(context.files(numbers))",
        meaning: "Only one of them can be true, and both words lose their meaning by it.",
        advice: "Remove the wrong one.")
    }
  }

  /// A class of people that is not the character's own.
  private static func wrongClass(_ context: CheckContext, _ member: Int) -> [DatasetCheck.Finding] {
    let own = CaptionTags.normalised(context.outline.members[member].className)
    guard context.outline.members[member].kind == .character, people.contains(own) else { return [] }
    let wrong = context.pictures[member].filter { number in
      let tags = context.captions[number].tags
      return !tags.contains(own) && tags.contains { people.contains($0) }
    }
    guard !wrong.isEmpty else { return [] }
    let tags = Set(wrong.flatMap { context.captions[$0].tags.filter { people.contains($0) } }).sorted()
    return [
      context.finding(
        "contradictory-caption", .warning, [member], wrong,
        evidence: "its class is \"\(own)\", and \(wrong.count.of("caption")) "
          + "\(wrong.count == 1 ? "says" : "say") \(tags.quoted()): \(context.files(wrong))",
        meaning: "Class captions made of these would be wrong.", advice: "Correct the captions, or class.")
    ]
  }
}
