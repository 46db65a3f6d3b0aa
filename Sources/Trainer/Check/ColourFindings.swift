/// Pictures without colours.
enum ColourFindings {
  private static let words = [
    "monochrome", "greyscale", "grayscale", "black and white", "sketch", "lineart", "line art", "spot color",
    "spot colour", "ink", "pencil", "charcoal",
  ]
  private static let plainly = ["greyscale", "grayscale", "black and white"]

  static func all(_ context: CheckContext) -> [DatasetCheck.Finding] {
    context.outline.members.indices.flatMap { member in
      [untagged(context, member), coloured(context, member)].compactMap { $0 }
    }
  }

  private static func untagged(_ context: CheckContext, _ member: Int) -> DatasetCheck.Finding? {
    let grey = context.pictures[member].filter { number in
      context.facts[number]?.isGreyscale == true && !words.contains { context.captions[number].holds($0) }
    }
    guard !grey.isEmpty else { return nil }
    return context.finding(
      "greyscale-untagged", .warning, [member], grey,
      evidence:
        "\(grey.count.of("picture")) without colours, whose captions do not say so: \(context.files(grey))",
      meaning: "Grey is learned as the colour of the character's hair, eyes and clothes.",
      advice: "Tag them with \"monochrome, greyscale\", or leave them out.")
  }

  private static func coloured(_ context: CheckContext, _ member: Int) -> DatasetCheck.Finding? {
    let wrong = context.pictures[member].filter { number in
      context.facts[number]?.isGreyscale == false && plainly.contains { context.captions[number].holds($0) }
    }
    guard !wrong.isEmpty else { return nil }
    return context.finding(
      "greyscale-tag-on-colour", .note, [member], wrong,
      evidence: "\(wrong.count.of("coloured picture")) tagged as greyscale: \(context.files(wrong))",
      meaning: "The tag loses its meaning, and with it the way to ask for colours.",
      advice: "Remove the tag, or check the picture.")
  }
}
