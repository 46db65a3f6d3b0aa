internal import Diffusion

/// Captions that are missing, too long, or call the wrong character.
enum CaptionFindings {
  static func all(_ context: CheckContext) -> [DatasetCheck.Finding] {
    context.outline.members.indices.flatMap { missing(context, $0) } + foreign(context) + groups(context)
      + long(context)
  }

  private static func missing(_ context: CheckContext, _ member: Int) -> [DatasetCheck.Finding] {
    let pictures = context.outline.pictures.pictures
    let without = context.pictures[member].filter { !pictures[$0].hasCaption }
    guard let first = without.first else { return [] }
    let isRegularization = context.outline.members[member].kind == .regularization
    let trigger = context.outline.kind == .cast ? context.outline.members[member].trigger : ""
    // A cast puts the trigger before every caption.
    let used = [trigger, pictures[first].caption].filter { !$0.isEmpty }.joined(separator: ", ")
    return [
      context.finding(
        "missing-caption", used.isEmpty ? .problem : isRegularization ? .note : .warning, [member], without,
        evidence:
          "\(without.count.of("picture")) of \(context.pictures[member].count) \(without.count == 1 ? "has" : "have") no caption file: \(context.files(without))",
        meaning: used.isEmpty
          ? "Nothing ties what they show to any word, so it is learned for every prompt."
          : isRegularization
            ? "Their caption is \"\(used)\" alone. That holds the class, but none of the words that prompts add to it."
            : "Their caption is \"\(used)\" alone, so pose, clothes and background are learned as the character.",
        advice: "Write a caption beside each: what is seen and may change, without what makes the character.")
    ]
  }

  /// Another character's trigger on solo pictures, and any trigger on regularisation pictures.
  private static func foreign(_ context: CheckContext) -> [DatasetCheck.Finding] {
    let named = context.members(.character).filter { !context.outline.members[$0].trigger.isEmpty }
    var found: [DatasetCheck.Finding] = []
    for member in context.members(.character) + context.members(.regularization) {
      let isRegularization = context.outline.members[member].kind == .regularization
      for other in named where other != member {
        let trigger = context.outline.members[other].trigger
        let wrong = context.pictures[member].filter { context.captions[$0].holds(trigger) }
        guard !wrong.isEmpty else { continue }
        found.append(
          context.finding(
            "foreign-trigger", .problem, [member, other], wrong,
            evidence: "\(wrong.count.of("caption")) of \(context.name(member)) "
              + "\(wrong.count == 1 ? "holds" : "hold") \"\(trigger)\", which calls \(context.name(other)): \(context.files(wrong))",
            meaning: isRegularization
              ? "The set teaches that the trigger is the class, against the character's own pictures."
              : "The trigger then calls both characters.",
            advice: isRegularization
              ? "Write the class instead of the trigger."
              : "Remove the word; move pictures that show both to a [[group]]."))
      }
    }
    return found
  }

  private static func groups(_ context: CheckContext) -> [DatasetCheck.Finding] {
    context.members(.group).flatMap { group in
      context.outline.members[group].characters.compactMap { character -> DatasetCheck.Finding? in
        let trigger = context.outline.members[character].trigger
        let without = context.pictures[group].filter { !context.captions[$0].holds(trigger) }
        guard !without.isEmpty else { return nil }
        return context.finding(
          "missing-trigger", .problem, [group, character], without,
          evidence: "\(without.count.of("caption")) without \"\(trigger)\": \(context.files(without))",
          meaning: "These pictures show \(context.name(character)), and call someone else with it.",
          advice: "Name everybody who is seen, each with what is seen of them, such as \"\(trigger) on the left\".")
      }
    }
  }

  private static func long(_ context: CheckContext) -> [DatasetCheck.Finding] {
    guard case .known(let tokenizers) = context.vocabulary else { return [] }
    let outline = context.outline
    return outline.members.indices.compactMap { member in
      let trigger = outline.members[member].kind == .character ? outline.members[member].trigger + ", " : ""
      let counts = context.pictures[member].map { number in
        let text = trigger + outline.pictures.pictures[number].caption
        return (number: number, tokens: tokenizers.first.tokens(text).count)
      }.filter { $0.tokens > outline.tokens }
      guard let longest = counts.max(by: { $0.tokens < $1.tokens }) else { return nil }
      return context.finding(
        "long-caption", .warning, [member], counts.map(\.number),
        evidence:
          "\(counts.count.of("caption")) \(counts.count == 1 ? "has" : "have") more than \(outline.tokens) tokens, up to \(longest.tokens): \(context.files(counts.map(\.number)))",
        meaning: "The rest is cut off, or a random part of the tags where they are shuffled.",
        advice: outline.tokens < 225
          ? "Shorten them, or set tokens = \(outline.tokens + 75) in [model]." : "Shorten them.")
    }
  }
}
