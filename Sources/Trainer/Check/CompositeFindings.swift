/// Characters that cannot be put beside others, where that is asked for.
enum CompositeFindings {
  static func all(_ context: CheckContext) -> [DatasetCheck.Finding] {
    guard context.outline.composites > 0 else { return [] }
    let characters = context.members(.character)
    let able = characters.filter { member in
      context.pictures[member].contains { context.facts[$0]?.background == .transparent }
    }
    let others = characters.filter { !able.contains($0) }
    guard !others.isEmpty else { return [] }
    let isVain = able.count < 2
    return [
      context.finding(
        "no-cut-outs", isVain ? .problem : .warning, others,
        evidence:
          "composites = \(context.outline.composites), and no picture of \(others.map(context.name).listed(6)) has a transparent background",
        meaning: isVain
          ? "Two characters are needed to put one beside the other: no picture of two is made, and the run does not begin."
          : "Nobody is put beside them, and prompts with them and another are not learned.",
        advice: "Cut some of their pictures out (PNG or WebP with transparency), or set composites = 0.")
    ]
  }
}
