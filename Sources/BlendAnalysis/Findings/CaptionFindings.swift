import Adapters

/// What the captions of two LoRAs have in common: words that call both characters.
enum CaptionFindings {
  static func all(_ records: [(name: String, record: TrainingRecord)]) -> [Finding] {
    pairs(records).flatMap { a, b in [trigger(a, b), tags(a, b)].compactMap { $0 } } + exposure(records)
  }

  /// Every unordered pair.
  static func pairs(
    _ records: [(name: String, record: TrainingRecord)]
  ) -> [((name: String, record: TrainingRecord), (name: String, record: TrainingRecord))] {
    records.indices.flatMap { i in records.indices.filter { $0 > i }.map { (records[i], records[$0]) } }
  }

  /// Words that likely call a character: candidates with at least even odds.
  private static func triggers(_ record: TrainingRecord) -> Set<String> {
    Set(record.triggerCandidates.filter { $0.confidence >= 0.5 }.map { $0.token.lowercased() })
  }

  private static func trigger(
    _ a: (name: String, record: TrainingRecord), _ b: (name: String, record: TrainingRecord)
  ) -> Finding? {
    let shared = triggers(a.record).intersection(triggers(b.record)).sorted()
    guard !shared.isEmpty else { return nil }
    return Finding(
      id: "shared-trigger", severity: .high, pair: [a.name, b.name],
      evidence: "both were trained with \(list(shared))",
      meaning: "The same word calls both, so a prompt for one draws on the other too; no merge can tell them apart.",
      advice: "Retrain one of them with a trigger of its own, a word the base model does not know.")
  }

  /// Tags on at least half of a LoRA's captions, without those that nearly every picture has.
  private static func frequentTags(_ record: TrainingRecord) -> Set<String> {
    // In doubles: the counts come from files, and sums of absurd ones must not overflow.
    var total = 0.0
    var counts: [String: Double] = [:]
    for folder in record.data.datasets where !folder.isRegularisation {
      total += Double(folder.captions ?? folder.images ?? 0)
    }
    for tags in record.tagFrequency.values {
      for tag in tags { counts[tag.tag.lowercased(), default: 0] += Double(tag.count) }
    }
    guard total > 0 else { return [] }
    let everyday: Set<String> = [
      "1girl", "1boy", "solo", "looking at viewer", "simple background", "white background", "upper body", "full body",
      "standing", "smile", "highres", "absurdres", "masterpiece", "best quality",
    ]
    return Set(counts.filter { $0.value * 2 >= total && !everyday.contains($0.key) }.keys)
  }

  private static func tags(
    _ a: (name: String, record: TrainingRecord), _ b: (name: String, record: TrainingRecord)
  ) -> Finding? {
    let triggersOfBoth = triggers(a.record).union(triggers(b.record))
    let shared = frequentTags(a.record).intersection(frequentTags(b.record)).subtracting(triggersOfBoth).sorted()
    guard shared.count >= 2 else { return nil }
    return Finding(
      id: "shared-tags", severity: .medium, pair: [a.name, b.name],
      evidence: "\(shared.count) tags stand on at least half of the captions of both: \(list(shared))",
      meaning:
        "Each LoRA has tied these words to its own character. Written in a prompt for both, they call both versions at once.",
      advice:
        "Leave these tags out of the prompt where you can; when retraining, caption what is not the character and leave out what is."
    )
  }

  /// Characters of one file, or of different files, that were shown to the network far more often than others.
  private static func exposure(_ records: [(name: String, record: TrainingRecord)]) -> [Finding] {
    let totals = records.map { (name: $0.name, shown: $0.record.imagesShown) }.filter { $0.shown > 0 }
    guard let most = totals.max(by: { $0.shown < $1.shown }), let least = totals.min(by: { $0.shown < $1.shown }),
      Double(most.shown) > 3 * Double(least.shown)
    else { return [] }
    return [
      Finding(
        id: "unequal-exposure", severity: .low, pair: [most.name, least.name],
        evidence: "\(most.name) saw its pictures \(most.shown) times in all, \(least.name) \(least.shown) times",
        meaning:
          "The one trained longer is usually the more rigid: it wins where both meet and bends less to the prompt.",
        advice: "Lower its strength, or use an earlier save of it.")
    ]
  }

  private static func list(_ words: [String]) -> String {
    let shown = words.prefix(6).map { "\"\($0)\"" }.joined(separator: ", ")
    return words.count > 6 ? shown + " and \(words.count - 6) more" : shown
  }
}
