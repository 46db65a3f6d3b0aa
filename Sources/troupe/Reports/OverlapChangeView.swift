import BlendAnalysis

/// The table of what the sources of a merge share, before and after.
struct OverlapChangeView {
  private let changes: [OverlapChange]
  private let style: Style
  /// More pairs than this would push everything else off the screen.
  private static let most = 10

  init(_ changes: [OverlapChange], style: Style = .output) {
    self.changes = changes
    self.style = style
  }

  func lines() -> [String] {
    guard !changes.isEmpty else { return [] }
    var table = TextTable(
      [.right, .right, .right, .left], header: ["cosine", "reads alike", "writes alike", "pair"])
    // Those that come out most alike.
    let shown =
      changes.count <= Self.most ? changes : Array(changes.sorted { Self.rank($0) > Self.rank($1) }.prefix(Self.most))
    for change in shown {
      let (before, after) = (change.before, change.after)
      table.add([
        "\(Numbers.fixed(before.cosine, 3, sign: true)) → \(Numbers.fixed(after.cosine, 3, sign: true))",
        "\(Numbers.fixed(before.omegaIn.value, 3)) → \(Numbers.fixed(after.omegaIn.value, 3))",
        "\(Numbers.fixed(before.omegaOut.value, 3)) → \(Numbers.fixed(after.omegaOut.value, 3))",
        "\(Terminal.sanitised(change.a)) – \(Terminal.sanitised(change.b))",
      ])
    }
    let more = shown.count < changes.count ? " All \(changes.count) pairs: --json." : ""
    let legend =
      "Before: the LoRAs, as troupe diagnose shows them. After: the part of the file in the directions that each writes "
      + "to and reads.\(more)"
    return ["", "  What they share, before → after", ""] + table.lines(indent: 2, style: style) + [""]
      + TextWrap.lines(legend, width: Terminal.width, indent: 2).map(style.dim)
  }

  private static func rank(_ change: OverlapChange) -> Double { change.after.omegaIn.value ?? 0 }
}
