/// Findings of one kind on the terminal: what they are called, the evidence, what it means, what to do.
struct FindingBlock {
  /// The severity, in its colour; all marks of a view are equally wide.
  var mark: String
  /// The columns that the mark takes.
  var markWidth: Int
  /// The kind, with whom it is about where that is one.
  var heading: String
  /// The evidence of each, behind whom it is about where they are several.
  var evidence: [(prefix: String, text: String)]
  /// What it means.
  var meaning: String
  /// What to do, once for each advice.
  var advice: [String]

  /// The lines, with an empty one before them.
  func lines(width: Int, style: Style) -> [String] {
    let indent = markWidth + 4
    var lines = ["", "  \(mark)  \(style.bold(heading))"]
    for (prefix, text) in evidence {
      lines += TextWrap.lines(prefix + Terminal.sanitised(text), width: width, indent: indent)
    }
    lines += TextWrap.lines(Terminal.sanitised(meaning), width: width, indent: indent)
    // One finding of many pairs has an advice for each; two show what it comes to.
    let shown = advice.count > 3 ? advice.prefix(2) : advice[...]
    for text in shown {
      lines += TextWrap.lines("→ \(Terminal.sanitised(text))", width: width, indent: indent, hanging: indent + 2)
    }
    if shown.count < advice.count {
      let rest = "→ And so for \(advice.count - shown.count) more: --json names each."
      lines += TextWrap.lines(rest, width: width, indent: indent, hanging: indent + 2)
    }
    return lines
  }

  /// Groups of elements with the same key, in the order of their first ones.
  static func grouped<Element, Key: Hashable>(_ elements: [Element], by key: (Element) -> Key) -> [[Element]] {
    var places: [Key: Int] = [:]
    var groups: [[Element]] = []
    for element in elements {
      if let place = places[key(element)] {
        groups[place].append(element)
      } else {
        places[key(element)] = groups.count
        groups.append([element])
      }
    }
    return groups
  }

  /// The elements without repetitions.
  static func distinct(_ texts: [String]) -> [String] { grouped(texts) { $0 }.map { $0[0] } }
}
