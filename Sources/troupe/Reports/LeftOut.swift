/// What a command left out because it was asked to.
enum LeftOut {
  /// A heading with the number, and the first five.
  static func lines(_ skipped: [String], style: Style) -> [String] {
    guard !skipped.isEmpty else { return [] }
    var lines = ["", style.yellow("  left out as asked: \(skipped.count)")]
    lines += skipped.prefix(5).map { TextTable.cut("    \(Terminal.sanitised($0))", to: Terminal.width) }
    if skipped.count > 5 { lines.append("    … all of them are listed by --json and in the file's metadata") }
    return lines
  }
}
