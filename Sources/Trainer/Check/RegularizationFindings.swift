/// Regularisation sets that serve nobody, or too little.
enum RegularizationFindings {
  static func all(_ context: CheckContext) -> [DatasetCheck.Finding] {
    let sets = context.members(.regularization)
    guard context.outline.kind == .cast else { return sets.compactMap { pooled(context, $0) } }
    return none(context, sets) + unpaired(context, sets) + sets.flatMap { starved(context, $0) }
      + sets.flatMap { mismatched(context, $0) }
  }

  /// sd-scripts takes all sets as one list, in order, until training pictures are made up.
  private static func pooled(_ context: CheckContext, _ set: Int) -> DatasetCheck.Finding? {
    let unused = context.pictures[set].filter { context.exposure.uses[set][$0] == nil }
    guard !unused.isEmpty else { return nil }
    let isAll = unused.count == context.pictures[set].count
    return context.finding(
      "starved-regularization", isAll ? .problem : .warning, [set], unused,
      evidence:
        "\(unused.count) of \(context.pictures[set].count.of("picture")) \(unused.count == 1 ? "is" : "are") never used: \(context.files(unused))",
      meaning:
        "sd-scripts takes the pictures of all regularisation folders as one list, from the first, until there are as many as training pictures with their repeats; the rest never comes up.",
      advice:
        "Raise the repeats of the training folders, remove regularisation pictures, or write a cast, whose sets are paired with characters and drawn evenly."
    )
  }

  private static func none(_ context: CheckContext, _ sets: [Int]) -> [DatasetCheck.Finding] {
    guard sets.isEmpty, !context.outline.preservesClasses, context.members(.character).count > 1 else { return [] }
    return [
      context.finding(
        "no-regularization", .note, [],
        evidence: "there is no [[regularization]], and no output_preservation in [losses]",
        meaning: "Nothing shows the model that a class is not its character, so others of the class may look like it.",
        advice: "Add [[regularization]] with class and target = \"base\": it needs no pictures.")
    ]
  }

  private static func unpaired(_ context: CheckContext, _ sets: [Int]) -> [DatasetCheck.Finding] {
    guard !sets.isEmpty else { return [] }
    let paired = Set(sets.flatMap { context.outline.members[$0].characters })
    let left = context.members(.character).filter { !paired.contains($0) }
    guard !left.isEmpty else { return [] }
    return [
      context.finding(
        "unpaired-regularization", .warning, left,
        evidence: "no regularisation set is paired with \(left.map(context.name).listed(6))",
        meaning: "Their class is not held where it was, while that of the others is.",
        advice: "Add them to pairs_with of the set of their class, or add a set.")
    ]
  }

  private static func starved(_ context: CheckContext, _ set: Int) -> [DatasetCheck.Finding] {
    let use = context.members[set]
    let characters = context.outline.members[set].characters
    let samples = characters.reduce(0) { $0 + context.members[$1].samples }
    if use.samples * 10 < samples {
      return [
        context.finding(
          "starved-regularization", use.samples == 0 ? .problem : .warning, [set],
          evidence:
            "\(use.samples.of("sample")) against \(samples) of \(characters.map(context.name).listed(4))",
          meaning: "So few hold nothing where it was.",
          advice: "Raise ratio towards 1, or the batch, so that a step has room for it.")
      ]
    }
    let trained = characters.reduce(0) { $0 + context.members[$1].pictures }
    // A set that uses its characters' own pictures has as many as they.
    guard !context.outline.pictures(of: set).isEmpty, use.pictures < trained else { return [] }
    return [
      context.finding(
        "starved-regularization", use.pictures * 2 < trained ? .warning : .note, [set],
        evidence:
          "\(use.pictures.of("picture")), each used up to \(use.mostUses) times, against \(trained) of \(characters.map(context.name).listed(4))",
        meaning: "So few pictures are learned themselves, and the class becomes what they show.",
        advice: "Add pictures, or use target = \"base\" without pictures.")
    ]
  }

  private static func mismatched(_ context: CheckContext, _ set: Int) -> [DatasetCheck.Finding] {
    let own = context.outline.members[set].className
    let others = context.outline.members[set].characters.filter { character in
      let name = context.outline.members[character].className
      return !name.isEmpty && CaptionTags.normalised(name) != CaptionTags.normalised(own)
    }
    guard !others.isEmpty else { return [] }
    let texts = others.map { "\(context.name($0)) is \"\(context.outline.members[$0].className)\"" }
    return [
      context.finding(
        "class-mismatch", .warning, [set] + others,
        evidence: "the set holds \"\(own)\", and \(texts.listed(4))",
        meaning: "Samples that count for a character hold another class than its own.",
        advice: "Name the characters of this class in pairs_with, and add a set for the others.")
    ]
  }
}
