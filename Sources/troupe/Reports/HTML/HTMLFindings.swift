import BlendAnalysis

/// What follows from the numbers, most serious first.
struct HTMLFindings {
  /// What is shown.
  var report: BlendReport

  /// Findings that say the same of several pairs share one card, so that a large cast stays readable.
  private struct Card {
    var findings: [Finding]
    var first: Finding { findings[0] }
  }

  /// The whole section.
  var html: HTML {
    let cards = cards
    let serious = cards.filter { $0.first.severity > .info }
    let notes = cards.filter { $0.first.severity == .info }
    return """
      <section id="findings">
      <h2>Findings</h2>
      \(intro(cards))
      \(serious.map(card))
      \(folded(notes))
      </section>

      """
  }

  private func intro(_ cards: [Card]) -> HTML {
    if cards.isEmpty {
      return """
        <p>Nothing stands out from these weights. That is no promise about pictures: read the
        <a href="#caveat">note beside the numbers</a>.</p>
        """
    }
    guard !report.pairs.isEmpty else { return .empty }
    return """
      <p>What is worth a test, with the numbers it rests on. What weights can and cannot tell stands
      <a href="#caveat">beside the numbers</a>.</p>
      """
  }

  /// Notes ask for nothing, so they fold away when there is something above them.
  private func folded(_ notes: [Card]) -> HTML {
    guard notes.count > 1 else { return "\(notes.map(card))" }
    return """
      <details><summary>\(HTMLNumber.count(notes.count, "note")) that only explain numbers</summary>
      \(notes.map(card))</details>
      """
  }

  private var cards: [Card] {
    var cards: [Card] = []
    for finding in report.findings {
      let place = cards.firstIndex {
        $0.first.id == finding.id && $0.first.severity == finding.severity
          && $0.first.meaning == finding.meaning
      }
      if let place { cards[place].findings.append(finding) } else { cards.append(Card(findings: [finding])) }
    }
    return cards
  }

  private func card(_ card: Card) -> HTML {
    let severity = card.first.severity.rawValue
    let several = card.findings.count > 1
    let whom: HTML = several ? "\(HTMLNumber.count(card.findings.count, "case"))" : subjects(card.first)
    let lines = card.findings.map { finding -> HTML in
      // The evidence on a single LoRA begins with its name anyway.
      let whose: HTML = several && finding.pair.count > 1 ? "\(subjects(finding)): " : .empty
      return "<li>\(whose)\(HTML.prose(finding.evidence))</li>\n"
    }
    // Advice often holds names, so each wording is shown, but only once.
    var advice: [String] = []
    for finding in card.findings where !advice.contains(finding.advice) { advice.append(finding.advice) }
    return """
      <article class="finding \(severity)">
      <h3><span class="badge">\(severity)</span> \(title(card.first.id))
      <span class="whom">\(whom)</span></h3>
      <dl><dt>Evidence</dt><dd>\(listed(lines))</dd>
      <dt>Meaning</dt><dd>\(HTML.prose(card.first.meaning))</dd>
      <dt>What to do</dt><dd>\(listed(advice.map { "<li>\(HTML.prose($0))</li>\n" }))</dd></dl>
      </article>

      """
  }

  private func listed(_ lines: [HTML]) -> HTML {
    let shown = 4
    guard lines.count > shown + 1 else { return "<ul>\(lines)</ul>" }
    return """
      <ul>\(Array(lines.prefix(shown)))</ul><details><summary>\(lines.count - shown) more</summary>\
      <ul>\(Array(lines.dropFirst(shown)))</ul></details>
      """
  }

  /// The stable name of a rule as words: `writes-alike` is “Writes alike”.
  private func title(_ id: String) -> String {
    let words = id.split(separator: "-").joined(separator: " ")
    return words.prefix(1).uppercased() + words.dropFirst()
  }

  private func subjects(_ finding: Finding) -> HTML {
    let names = finding.pair.map { HTML(escaping: $0) }
    guard !names.isEmpty else { return "all together" }
    guard let index = report.pairs.firstIndex(where: { Set([$0.a, $0.b]) == Set(finding.pair) }) else {
      return names.joined(", ")
    }
    return "<a href=\"#pair-\(index)\">\(names.joined(" and "))</a>"
  }
}
