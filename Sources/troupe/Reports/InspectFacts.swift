/// Labelled facts under a heading, with values wrapped beside their labels.
struct FactList {
  private static let indent = 2
  private static let labelWidth = 15
  private var facts: [(label: String, value: String)] = []
  let title: String

  init(_ title: String) { self.title = title }

  /// Adds a fact; one without a value is left out.
  mutating func add(_ label: String, _ value: String?) {
    guard let value, !value.isEmpty else { return }
    facts.append((label, value))
  }

  /// The lines, with a heading; none when there is no fact.
  func lines(width: Int, style: Style) -> [String] {
    guard !facts.isEmpty else { return [] }
    return [style.bold(title)]
      + facts.flatMap { fact in Self.lines(fact.label, fact.value, width: width, style: style) }
  }

  private static func lines(_ label: String, _ value: String, width: Int, style: Style) -> [String] {
    let start = indent + labelWidth + 1
    let padding = String(repeating: " ", count: max(1, labelWidth + 1 - Terminal.columns(of: label)))
    return CellWrap.lines(value, width: width - start).enumerated().map { index, line in
      index == 0
        ? String(repeating: " ", count: indent) + style.dim(label) + padding + line
        : String(repeating: " ", count: start) + line
    }
  }
}

/// Text broken into lines of a cell: at spaces where possible, inside long words where not.
enum CellWrap {
  /// Breaks a text.
  ///
  /// - Parameters:
  ///   - width: the columns of a line.
  ///   - limit: how many lines at most; the last one ends in an ellipsis when there is more.
  static func lines(_ text: String, width: Int, limit: Int = .max) -> [String] {
    let words = text.split(separator: " ", omittingEmptySubsequences: true).flatMap {
      split(String($0), width)
    }
    var lines: [String] = []
    var line = ""
    for word in words {
      if line.isEmpty {
        line = word
      } else if Terminal.columns(of: line) + 1 + Terminal.columns(of: word) <= width {
        line += " " + word
      } else {
        lines.append(line)
        line = word
      }
    }
    if !line.isEmpty { lines.append(line) }
    guard lines.count > limit, limit > 0 else { return lines }
    let last = TextTable.cut(lines[limit - 1] + " " + lines[limit], to: width)
    return lines.prefix(limit - 1) + [last.hasSuffix("…") ? last : TextTable.cut(last + " …", to: width)]
  }

  /// Cuts a long word into pieces, after a separator where one stands in the last third of a piece.
  private static func split(_ word: String, _ width: Int) -> [String] {
    guard Terminal.columns(of: word) > width, width > 0, !word.contains("\u{1B}") else { return [word] }
    var pieces: [String] = []
    var rest = Substring(word)
    while Terminal.columns(of: String(rest)) > width {
      var end = rest.startIndex
      var used = 0
      while end < rest.endIndex {
        let columns = Terminal.columns(of: String(rest[end]))
        guard used + columns <= width else { break }
        used += columns
        end = rest.index(after: end)
      }
      if end == rest.startIndex { end = rest.index(after: end) }
      let piece = rest[..<end]
      if let mark = piece.lastIndex(where: { "_-./,=:".contains($0) }),
        piece.distance(from: mark, to: piece.endIndex) <= width / 3
      {
        end = rest.index(after: mark)
      }
      pieces.append(String(rest[..<end]))
      rest = rest[end...]
    }
    return rest.isEmpty ? pieces : pieces + [String(rest)]
  }
}
