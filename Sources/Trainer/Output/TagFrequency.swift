/// In how many captions of a folder each tag stands.
enum TagFrequency {
  /// Counts the tags of captions, in lower case as sd-scripts does.
  ///
  /// All marks that a rule parts tags by count, and a trigger that the rule puts in front is there.
  static func counts(of captions: [String], rule: CaptionRule) -> [String: Int] {
    captions.reduce(into: [:]) { counts, caption in
      for tag in tags(of: caption, rule: rule) { counts[tag, default: 0] += 1 }
    }
  }

  private static func tags(of caption: String, rule: CaptionRule) -> Set<String> {
    let lines = caption.pieces(by: "\n")
    // Other lines are never used where they are no alternatives.
    var parts = rule.expandsWildcards ? lines : Array(lines.prefix(1))
    for mark in [rule.keptTagsSeparator, rule.secondarySeparator, rule.separator] {
      if let mark, !mark.isEmpty { parts = parts.flatMap { $0.pieces(by: mark) } }
    }
    var tags = Set(parts.map { $0.trimmed.lowercased() }.filter { !$0.isEmpty })
    if let trigger = rule.trigger, !trigger.isEmpty, !caption.holds(word: trigger) {
      tags.insert(trigger.lowercased())
    }
    return tags
  }
}
