/// What captions say of how much of a character is seen, and from where.
///
/// Where they say nothing, head and body of every framing are learned as one, and proportions come out wrong.
enum FramingFindings {
  /// How much is seen, with the words for it.
  static let framings: [(name: String, words: [String])] = [
    ("portrait", ["portrait", "face", "close-up", "close up", "headshot", "head shot", "bust"]),
    ("upper body", ["upper body", "half body", "waist up", "cowboy shot", "medium shot"]),
    ("full body", ["full body", "wide shot", "full-body", "full length", "whole body"]),
  ]
  /// From where.
  static let views: [(name: String, words: [String])] = [
    ("from side", ["from side", "profile", "side view", "from the side"]),
    ("from behind", ["from behind", "back view", "facing away", "back turned"]),
  ]

  static func all(_ context: CheckContext) -> [DatasetCheck.Finding] {
    context.members(.character).compactMap { member(context, $0) }
  }

  private static func member(_ context: CheckContext, _ member: Int) -> DatasetCheck.Finding? {
    let pictures = context.pictures[member]
    guard pictures.count > 1 else { return nil }
    func numbers(_ words: [String]) -> [Int] {
      pictures.filter { number in words.contains { context.captions[number].holds($0) } }
    }
    let counts = (framings + views).map { (name: $0.name, count: numbers($0.words).count) }
    let framed = Set(framings.flatMap { numbers($0.words) })
    let without = pictures.filter { !framed.contains($0) }
    let tally = counts.map { "\($0.name) \($0.count)" }.joined(separator: ", ")
    if without.count * 2 > pictures.count || without.count * 4 > pictures.count && pictures.count >= 8 {
      return context.finding(
        "framing-tags-missing", .warning, [member], without,
        evidence: "\(without.count) of \(pictures.count) captions do not say how much is seen (\(tally))",
        meaning:
          "Heads fill a portrait and are small in a full body. Where captions do not say which it is, both are learned as one, and proportions come out wrong.",
        advice:
          "Tag every picture with portrait, upper body, cowboy shot or full body, and with from side or from behind where it is so."
      )
    }
    let present = counts.prefix(framings.count).filter { $0.count > 0 }
    guard present.count == 1, let only = present.first, only.count == framed.count else { return nil }
    return context.finding(
      "one-framing", .note, [member], evidence: "every caption that says it says \(only.name) (\(tally))",
      meaning: "Other framings are left to the base model, with proportions of its own.",
      advice: "Add pictures of other framings; crops of large full bodies make portraits.")
  }
}
