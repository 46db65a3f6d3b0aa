/// Tags that one character has and no other.
enum TagFindings {
  /// The part of a character's captions that a tag is on before it is as good as its trigger.
  private static let share = 0.7

  static func all(_ context: CheckContext) -> [DatasetCheck.Finding] {
    let characters = context.members(.character)
    guard characters.count > 1 else { return [] }
    let ordinary = ordinaryTags(context)
    let counts = characters.map { member in
      context.pictures[member].reduce(into: [String: Int]()) { counts, number in
        for tag in context.captions[number].tags { counts[tag, default: 0] += 1 }
      }
    }
    return characters.indices.compactMap { place in
      let member = characters[place]
      let total = context.pictures[member].count
      guard total > 2 else { return nil }
      let own = counts[place].filter { tag, count in
        Double(count) >= share * Double(total) && !ordinary.contains(tag)
          && counts.indices.allSatisfy { $0 == place || counts[$0][tag] == nil }
      }.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
      guard !own.isEmpty else { return nil }
      return context.finding(
        "tags-of-one-character", .warning, [member],
        evidence: own.map { "\"\($0.key)\" on \($0.value) of \(total)" }.listed(6),
        meaning:
          "Only this character has them, and nearly always, so they become triggers too: they call it elsewhere, and it needs them.",
        advice:
          "Leave out what always belongs to it, so that the trigger learns it. Keep what may change, and add pictures without it, or others with it."
      )
    }
  }

  /// Triggers and classes, and tags that say who and how much is seen.
  private static func ordinaryTags(_ context: CheckContext) -> Set<String> {
    var tags = Set(
      context.outline.members.flatMap { [CaptionTags.normalised($0.trigger), CaptionTags.normalised($0.className)] })
    tags.formUnion(["1girl", "1boy", "solo", "male focus", "looking at viewer", "highres", "absurdres"])
    tags.formUnion((FramingFindings.framings + FramingFindings.views).flatMap(\.words))
    return tags
  }
}
