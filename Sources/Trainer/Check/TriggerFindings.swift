internal import Diffusion

/// Words that call a character and something else too.
enum TriggerFindings {
  static func all(_ context: CheckContext) -> [DatasetCheck.Finding] {
    noTrigger(context) + tokens(context)
  }

  /// sd-scripts' subsets without a tag of their own.
  private static func noTrigger(_ context: CheckContext) -> [DatasetCheck.Finding] {
    let characters = context.members(.character).filter { !context.pictures[$0].isEmpty }
    guard context.outline.kind == .kohya, characters.count > 1 else { return [] }
    return characters.filter { context.outline.members[$0].trigger.isEmpty }.map { member in
      context.finding(
        "no-trigger", .warning, [member],
        evidence: "no tag stands on all of its captions and on those of no other folder",
        meaning: "Nothing calls this folder's character alone. A folder of a character shown before may do without.",
        advice: "Begin each of its captions with one rare word, and keep it first with keep_tokens = 1.")
    }
  }

  private static func tokens(_ context: CheckContext) -> [DatasetCheck.Finding] {
    let named = context.members(.character).filter { !context.outline.members[$0].trigger.isEmpty }
    guard !named.isEmpty else { return [] }
    let reason: String
    switch context.vocabulary {
    case .known(let tokenizers):
      return words(context, named, tokenizers.first) + shared(context, named, tokenizers.first)
    case .noModel: reason = "the base model cannot be opened"
    case .noVocabulary(let text): reason = text
    case .notAsked: reason = "no base model is named"
    }
    return [
      context.finding(
        "triggers-not-checked", .note, named, evidence: "how triggers become tokens is not known: \(reason)",
        meaning:
          "Whether triggers share tokens or are ordinary words, and which captions are too long, was not checked.",
        advice: context.outline.checkpoint == nil
          ? "Name the base model with --model." : "Mend that, and check again.")
    ]
  }

  private static func words(_ context: CheckContext, _ named: [Int], _ tokenizer: CLIPTokenizer) -> [DatasetCheck
    .Finding]
  {
    named.compactMap { member in
      let trigger = context.outline.members[member].trigger
      // A tag of several words is no word; each of its words is one, and they may well be.
      guard tokenizer.tokens(trigger).count == 1 else { return nil }
      return context.finding(
        "trigger-is-word", .warning, [member], evidence: "\"\(trigger)\" is one token of the vocabulary",
        meaning:
          "The base model knows this word. Training pulls against what it means, and prompts that use it call the character.",
        advice: "Choose a trigger that is no word, such as \"\(trigger)_\(Self.suffix(trigger))\".")
    }
  }

  /// Letters that make a word rare without being random: the consonants of the word, backwards.
  private static func suffix(_ word: String) -> String {
    let consonants = word.lowercased().filter { $0.isASCII && $0.isLetter && !"aeiou".contains($0) }
    return consonants.count > 1 ? String(consonants.reversed().prefix(4)) : "xq"
  }

  private static func shared(_ context: CheckContext, _ named: [Int], _ tokenizer: CLIPTokenizer) -> [DatasetCheck
    .Finding]
  {
    // Signs such as _ are in many words and mean little.
    let tokens = named.map { member in
      let trigger = context.outline.members[member].trigger
      return Set(
        tokenizer.tokens(trigger).map(\.id).filter { id in
          tokenizer.text([id]).unicodeScalars.contains {
            $0.properties.isAlphabetic || $0.properties.numericType != nil
          }
        })
    }
    var found: [DatasetCheck.Finding] = []
    for a in named.indices {
      for b in named.indices where b > a {
        let both = tokens[a].intersection(tokens[b])
        guard !both.isEmpty else { continue }
        let smaller = min(tokens[a].count, tokens[b].count)
        let texts = both.sorted().map { tokenizer.text([$0]).trimmed }
        found.append(
          context.finding(
            "shared-tokens", both.count * 2 >= smaller ? .warning : .note, [named[a], named[b]],
            evidence:
              "\"\(context.outline.members[named[a]].trigger)\" and \"\(context.outline.members[named[b]].trigger)\" share \(both.count) of \(smaller) tokens: \(texts.quoted())",
            meaning: "Each shared token learns both characters.",
            advice: "Choose triggers without a common part, such as a prefix of the series."))
      }
    }
    return found
  }
}
