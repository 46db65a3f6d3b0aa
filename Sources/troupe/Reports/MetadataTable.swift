/// Metadata as a table.
struct MetadataTable {
  private let entries: [(key: String, value: String)]
  private let isFull: Bool
  private let style: Style

  init(_ entries: [(key: String, value: String)], isFull: Bool, style: Style = .output) {
    self.entries = entries.sorted { $0.key < $1.key }
    self.isFull = isFull
    self.style = style
  }

  func lines(width: Int = Terminal.width) -> [String] {
    guard !entries.isEmpty else { return ["no metadata"] }
    let label = min(34, entries.map { Terminal.columns(of: $0.key) }.max() ?? 0)
    return entries.flatMap { key, value in
      let key = Terminal.sanitised(key)
      let gap = String(repeating: " ", count: max(0, label - Terminal.columns(of: key)) + 2)
      let pieces = value.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).map {
        Terminal.sanitised(String($0))
      }
      guard isFull else {
        let room = max(16, width - max(label, Terminal.columns(of: key)) - 2)
        return [style.cyan(key) + gap + TextTable.cut(pieces.joined(separator: " "), to: room)]
      }
      guard pieces.count > 1 else { return [style.cyan(key) + gap + (pieces.first ?? "")] }
      return [style.cyan(key)] + pieces.map { "  \($0)" }
    }
  }
}
