import SafeTensors

/// What a change of metadata prints.
struct MetadataView {
  private let report: MetadataReport
  private let style: Style

  init(_ report: MetadataReport, style: Style = .output) {
    self.report = report
    self.style = style
  }

  func lines(width: Int = Terminal.width) -> [String] {
    var facts = FactList("")
    for (label, keys) in [("added", report.added), ("changed", report.changed), ("removed", report.removed)] {
      facts.add(label, keys.isEmpty ? nil : Self.list(keys))
    }
    facts.add("kept", "\(report.kept) as they were")
    facts.add(
      "header",
      "\(Numbers.bytes(report.headerBytes)), of which \(Numbers.bytes(report.spareBytes)) free for later edits")
    facts.add("written", written)
    for note in report.notes { facts.add("note", Terminal.sanitised(note)) }
    return [style.bold(Terminal.sanitised(report.output))] + facts.lines(width: width, style: style).dropFirst()
  }

  /// The names of a few keys, and how many there are.
  private static func list(_ keys: [String]) -> String {
    let shown = keys.count > 12 ? keys.prefix(9) + ["\(keys.count - 9) more (--json names all)"] : keys
    return "\(keys.count): \(Terminal.sanitised(shown.joined(separator: ", ")))"
  }

  private var written: String {
    let size = Numbers.bytes(report.writtenBytes)
    return switch MetadataEdit.Way(rawValue: report.way) {
    case .header: "\(size) of the header, in place; the tensors were not touched"
    case .copied: "\(size): the new header, and the tensors copied byte by byte"
    case .headerFrame: "\(size): the new header packed, and the other frames copied byte by byte"
    case .packed: "\(size): the archive packed anew"
    case .nothing, nil: "nothing; the file already is so"
    }
  }
}
