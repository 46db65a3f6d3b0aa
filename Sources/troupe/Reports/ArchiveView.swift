/// What packing and unpacking print of a file.
struct ArchiveView {
  private let entry: ArchiveReport.Entry
  private let style: Style

  init(_ entry: ArchiveReport.Entry, style: Style = .output) {
    self.entry = entry
    self.style = style
  }

  func lines() -> [String] {
    let rate = Double(entry.bytes) / max(entry.seconds, 1e-3)
    let frames = entry.frames.map { "\($0) frames" } ?? "no seek table"
    let facts = [
      "\(Numbers.bytes(entry.bytes)) in \(Numbers.bytes(entry.packedBytes)) (\(Numbers.percent(entry.share, 1)))",
      frames,
      "\(Numbers.bytes(Int(rate)))/s",
    ]
    return [
      style.bold(Terminal.sanitised(entry.output)),
      "  " + (facts + (entry.verified ? ["verified"] : [])).joined(separator: ", "),
    ]
  }
}
