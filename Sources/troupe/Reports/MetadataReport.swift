import SafeTensors

/// What a change of metadata did; printed by `--json`.
struct MetadataReport: Encodable {
  let schema = 1
  /// The file that was edited.
  var file: String
  /// The file that has the new metadata.
  var output: String
  /// How it was written: `nothing`, `header`, `copied`, `header-frame`, `packed`.
  var way: String
  /// The keys that are new.
  var added: [String]
  /// The keys whose values are others.
  var changed: [String]
  /// The keys that are gone.
  var removed: [String]
  /// How many entries are as they were.
  var kept: Int
  /// The size of the header, its length and padding included.
  var headerBytes: Int
  /// How much of it is padding, which later edits may fill.
  var spareBytes: Int
  /// How many bytes were written.
  var writtenBytes: Int
  /// What else there is to say.
  var notes: [String]

  init(_ path: String, before: HeaderText, after: HeaderText, outcome: MetadataEdit.Outcome, notes: [String]) {
    file = path
    output = outcome.path
    way = outcome.way.rawValue
    let (old, new) = (Set(before.names), Set(after.names))
    added = new.subtracting(old).sorted()
    removed = old.subtracting(new).sorted()
    let common = old.intersection(new)
    changed = common.filter { before[$0] != after[$0] }.sorted()
    kept = common.count - changed.count
    headerBytes = outcome.headerSize
    spareBytes = outcome.spare
    writtenBytes = outcome.written
    self.notes = notes
  }
}

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
