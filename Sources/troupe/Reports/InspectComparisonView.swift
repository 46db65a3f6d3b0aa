import Adapters

/// The training parameters of several files side by side, and what they tell about the files' kinship.
struct InspectComparisonView {
  private let comparison: RecipeComparison
  private let style: Style
  private let width: Int

  private static let labelWidth = 20
  /// How many files stand side by side; more are shown in further tables below.
  private static let perPage = 4

  /// Whether only rows in which files differ are there.
  private let onlyDifferences: Bool

  init(
    _ comparison: RecipeComparison, onlyDifferences: Bool = false, style: Style = .output, width: Int = Terminal.width
  ) {
    self.comparison = comparison
    self.onlyDifferences = onlyDifferences
    self.style = style
    self.width = width
  }

  func lines() -> [String] {
    let title = onlyDifferences ? "What differs" : "Side by side"
    var lines = [style.bold(title), style.dim(String(repeating: "─", count: width))]
    if comparison.rows.isEmpty {
      lines.append(onlyDifferences ? "Nothing that the files tell." : "No file has metadata about its training.")
    } else if onlyDifferences, comparison.names.count > Self.perPage {
      lines += groups
      lines += ["", style.dim("≠ differs   ? is not stated by all   the first file's value first")]
    } else {
      for start in stride(from: 0, to: comparison.names.count, by: Self.perPage) {
        if start > 0 { lines.append("") }
        lines += page(start..<min(start + Self.perPage, comparison.names.count))
      }
      if comparison.rows.contains(where: { !$0.same }) {
        lines += ["", style.dim("≠ differs between files   ? is not stated by all")]
      }
    }
    return lines + [""] + verdicts
  }

  private func page(_ files: Range<Int>) -> [String] {
    let column = (width - 2 - Self.labelWidth - 2 * files.count) / files.count
    var lines = row(mark: " ", "", comparison.names[files].map { Terminal.sanitised($0) }, column, limit: 4)
      .map(style.bold)
    var group = ""
    for entry in comparison.rows {
      if entry.group != group {
        group = entry.group
        lines.append(style.dim(group))
      }
      lines += row(
        mark: mark(entry), Self.label(entry), entry.values[files].map { Self.value($0, of: entry.id) },
        column, limit: 4)
    }
    return lines
  }

  /// Many files: under each parameter its values, each with the files that have it, the first file's first.
  private var groups: [String] {
    let names = comparison.names.map { Terminal.sanitised($0) }
    var lines = TextWrap.lines("\(names.count) files: " + names.joined(separator: ", "), width: width, hanging: 2)
    var group = ""
    for row in comparison.rows {
      if row.group != group {
        group = row.group
        lines.append(style.dim(group))
      }
      for (index, cells) in Self.cells(of: row, names).enumerated() {
        let isFirst = index == 0
        lines += pair(mark: isFirst ? mark(row) : " ", isFirst ? Self.label(row) : "", cells.value, cells.files)
      }
    }
    return lines
  }

  /// The values that a parameter has, each with its files in words.
  private static func cells(of row: RecipeComparison.Row, _ names: [String]) -> [(value: String, files: String)] {
    var values: [String] = []
    var holders: [String: [String]] = [:]
    for (name, value) in zip(names, row.values) {
      let text = Self.value(value, of: row.id)
      if holders[text] == nil { values.append(text) }
      holders[text, default: []].append(name)
    }
    // Names, dates and the like differ everywhere; a list of them all tells nothing.
    guard values.count <= 8 else { return [(values[0], names[0]), ("…", "\(values.count - 1) further values")] }
    let most = values.max { holders[$0]?.count ?? 0 < holders[$1]?.count ?? 0 }
    return values.map { value in
      let files = holders[value] ?? []
      if value == most, files.count > 3 {
        return (value, values.count == 1 ? "all" : "\(files.count) files")
      }
      return (value, files.joined(separator: ", "))
    }
  }

  /// A label, a value, and the files that have it, wrapped in their columns.
  private func pair(mark: String, _ label: String, _ value: String, _ files: String) -> [String] {
    let room = width - 2 - Self.labelWidth - 4
    let (left, right) = (min(30, room * 2 / 5), room - min(30, room * 2 / 5))
    let cells = [
      CellWrap.lines(label, width: Self.labelWidth), CellWrap.lines(value, width: left, limit: 4),
      CellWrap.lines(files, width: right, limit: 6),
    ]
    let widths = [Self.labelWidth, left, right]
    return (0..<(cells.map(\.count).max() ?? 0)).map { line in
      var text = line == 0 ? mark + " " : "  "
      for (cell, width) in zip(cells, widths) {
        let piece = line < cell.count ? cell[line] : ""
        text += piece + String(repeating: " ", count: max(0, width - Terminal.columns(of: piece)) + 2)
      }
      while text.last == " " { text.removeLast() }
      return text
    }
  }

  private func mark(_ row: RecipeComparison.Row) -> String {
    if row.same { return " " }
    let stated = Set(row.values.compactMap { $0.map { RecipeNormalisation.value($0, of: row.id) } })
    return stated.count > 1 ? style.yellow("≠") : style.dim("?")
  }

  /// A value as shown; the beginning of a hash is enough to tell it from others.
  private static func value(_ value: String?, of id: String) -> String {
    guard let value else { return "–" }
    return Terminal.sanitised(
      ["base_hash", "trainer_revision"].contains(id) ? String(value.prefix(12)) : value)
  }

  /// A label without what its heading says already.
  private static func label(_ row: RecipeComparison.Row) -> String {
    // Metadata that no field takes go by their own keys, which may hold anything.
    Terminal.sanitised(
      row.label.count <= labelWidth ? row.label : row.label.replacing(" learning rate", with: " LR"))
  }

  /// One parameter: label and values wrapped in their columns.
  private func row(mark: String, _ label: String, _ values: [String], _ column: Int, limit: Int) -> [String] {
    let cells =
      [CellWrap.lines(label, width: Self.labelWidth)]
      + values.map { CellWrap.lines($0, width: column, limit: limit) }
    let height = cells.map(\.count).max() ?? 0
    return (0..<height).map { line in
      var text = line == 0 ? mark + " " : "  "
      for (index, cell) in cells.enumerated() {
        let piece = line < cell.count ? cell[line] : ""
        let room = index == 0 ? Self.labelWidth : column
        text += piece
        if index < cells.count - 1 {
          text += String(repeating: " ", count: max(0, room - Terminal.columns(of: piece)) + 2)
        }
      }
      while text.last == " " { text.removeLast() }
      return text
    }
  }

  private var verdicts: [String] {
    [
      ("Same base model?", comparison.sameBase), ("Same parameters?", comparison.sameParameters),
      ("Same author?", comparison.sameAuthor), ("Same training run?", comparison.sameRun),
    ].flatMap { question, verdict in
      let answer =
        switch verdict.answer {
        case .yes: style.green("yes    ")
        case .likely: style.green("likely ")
        case .no: style.yellow("no     ")
        case .unknown: style.dim("unknown")
        }
      let room = width - 29
      let evidence = CellWrap.lines(Terminal.sanitised(verdict.evidence), width: room)
      let head = question + String(repeating: " ", count: max(1, 20 - question.count)) + answer
      let margin = String(repeating: " ", count: 29)
      return evidence.enumerated().map { ($0 == 0 ? head + "  " : margin) + $1 }
    }
  }
}
