/// A table of aligned columns.
struct TextTable {
  /// How a column's cells are set.
  enum Alignment { case left, right }

  private var rows: [[String]] = []
  private let alignments: [Alignment]
  private let gap: String
  private var header: [String]?

  /// Creates a table; missing alignments are left.
  init(_ alignments: [Alignment], header: [String]? = nil, gap: Int = 2) {
    self.alignments = alignments
    self.header = header
    self.gap = String(repeating: " ", count: gap)
  }

  /// Adds a row; it may have fewer cells than there are columns.
  mutating func add(_ cells: [String]) { rows.append(cells) }

  /// Whether no row has been added.
  var isEmpty: Bool { rows.isEmpty }

  /// The lines of the table.
  ///
  /// - Parameters:
  ///   - indent: spaces before every line.
  ///   - width: no line is longer; the last column is cut with an ellipsis where it would be.
  ///   - style: sets off the header.
  func lines(indent: Int = 0, width: Int = Terminal.width, style: Style = .output) -> [String] {
    let all = (header.map { [$0] } ?? []) + rows
    let count = all.map(\.count).max() ?? 0
    var widths = (0..<count).map { column in
      all.map { $0.count > column ? Terminal.columns(of: $0[column]) : 0 }.max() ?? 0
    }
    let room = width - indent - widths.dropLast().reduce(0, +) - gap.count * max(0, count - 1)
    if let last = widths.last, last > room { widths[count - 1] = max(8, room) }
    return all.enumerated().map { index, row in
      let cells = row.enumerated().map { column, cell in
        let fitted = column == count - 1 ? Self.cut(cell, to: widths[column]) : cell
        let space = String(repeating: " ", count: max(0, widths[column] - Terminal.columns(of: fitted)))
        let alignment = column < alignments.count ? alignments[column] : .left
        return alignment == .right ? space + fitted : column == row.count - 1 ? fitted : fitted + space
      }
      let line = String(repeating: " ", count: indent) + cells.joined(separator: gap)
      let trimmed = String(line.reversed().drop { $0 == " " }.reversed())
      return header != nil && index == 0 ? style.dim(trimmed) : trimmed
    }
  }

  /// A text cut to a number of columns; escape sequences make it be left as it is.
  static func cut(_ text: String, to width: Int) -> String {
    guard Terminal.columns(of: text) > width, !text.contains("\u{1B}") else { return text }
    var result = ""
    for character in text {
      guard Terminal.columns(of: result) + Terminal.columns(of: String(character)) < width else { break }
      result.append(character)
    }
    return result + "…"
  }
}

/// Paragraphs of running text.
enum TextWrap {
  /// Breaks a text at spaces into lines of at most `width` columns; lines after the first are indented by `hanging`.
  static func lines(_ text: String, width: Int = Terminal.width, indent: Int = 0, hanging: Int? = nil) -> [String] {
    var lines: [String] = []
    var line = String(repeating: " ", count: indent)
    var isEmpty = true
    let next = String(repeating: " ", count: hanging ?? indent)
    for word in text.split(separator: " ") {
      if !isEmpty, Terminal.columns(of: line) + 1 + Terminal.columns(of: String(word)) > width {
        lines.append(line)
        line = next
        isEmpty = true
      }
      line += (isEmpty ? "" : " ") + word
      isEmpty = false
    }
    if !isEmpty { lines.append(line) }
    return lines
  }
}
