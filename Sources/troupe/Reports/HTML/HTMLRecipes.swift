import Adapters

/// How the LoRAs were trained, side by side, as far as their metadata tell it.
struct HTMLRecipes {
  /// What is shown.
  var recipes: RecipeComparison

  /// The whole section.
  var html: HTML {
    """
    <section id="training">
    <h2>Training</h2>
    \(verdicts)
    \(tables)
    </section>

    """
  }

  private var isAlone: Bool { recipes.names.count < 2 }

  private var verdicts: HTML {
    guard !isAlone else { return .empty }
    let questions = [
      ("Same base model?", recipes.sameBase), ("Same main parameters?", recipes.sameParameters),
      ("Same run?", recipes.sameRun), ("Same author?", recipes.sameAuthor),
    ]
    let answers = questions.map { question, verdict -> HTML in
      """
      <div><dt>\(question)</dt><dd><strong>\(word(verdict.answer))</strong> \(verdict.evidence)</dd></div>

      """
    }
    return "<dl class=\"verdicts\">\(answers)</dl>"
  }

  private func word(_ answer: Verdict.Answer) -> String {
    switch answer {
    case .yes: "Yes."
    case .likely: "Likely."
    case .no: "No."
    case .unknown: "Not known."
    }
  }

  private var tables: HTML {
    guard !recipes.rows.isEmpty else {
      return "<p>None of the files says how it was trained.</p>"
    }
    guard !isAlone else { return table(recipes.rows, "Training parameters") }
    let equal = recipes.rows.filter(\.same)
    let other = recipes.rows.filter { !$0.same }
    let differing: HTML =
      other.isEmpty
      ? "<p>All parameters that the files state are equal.</p>"
      : table(other, "Parameters that differ or are not stated by all")
    guard !equal.isEmpty else { return differing }
    return """
      \(differing)
      <details><summary>\(HTMLNumber.count(equal.count, "parameter")) equal in all</summary>
      \(table(equal, "Parameters equal in all"))</details>
      """
  }

  private func table(_ rows: [RecipeComparison.Row], _ title: String) -> HTML {
    let heads = recipes.names.map { "<th scope=\"col\">\($0)</th>" as HTML }
    var groups: [(name: String, rows: [RecipeComparison.Row])] = []
    for row in rows {
      if let place = groups.firstIndex(where: { $0.name == row.group }) {
        groups[place].rows.append(row)
      } else {
        groups.append((row.group, [row]))
      }
    }
    let bodies = groups.map { group -> HTML in
      """
      <tbody><tr class="group">
      <th scope="rowgroup" colspan="\(recipes.names.count + 1)">\(group.name)</th></tr>
      \(group.rows.map(line))</tbody>

      """
    }
    return HTMLTable.scrolling(
      title,
      """
      <table class="recipes">\(HTMLTable.caption("\(title)"))
      <thead><tr><td></td>\(heads)</tr></thead>
      \(bodies)</table>
      """)
  }

  private func line(_ row: RecipeComparison.Row) -> HTML {
    let differs = Set(row.values.compactMap { $0 }).count > 1
    let kind: HTML = differs ? " class=\"differs\"" : .empty
    let mark: HTML = differs ? "<span class=\"mark\" title=\"differs\">≠</span> " : .empty
    let cells = row.values.map { value -> HTML in
      value.map { "<td>\($0)</td>" } ?? "<td class=\"absent\">\(HTMLNumber.none)</td>"
    }
    return """
      <tr\(kind)><th scope="row">\(mark)\(row.label)</th>\(cells)</tr>

      """
  }
}
