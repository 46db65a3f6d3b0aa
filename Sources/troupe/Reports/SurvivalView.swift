import BlendAnalysis

/// The table of what a merge kept of each LoRA.
struct SurvivalView {
  private let rows: [Survival]
  private let style: Style

  init(_ rows: [Survival], style: Style = .output) {
    self.rows = rows
    self.style = style
  }

  func lines() -> [String] {
    var table = TextTable(
      [.right, .right, .right, .right, .right, .left],
      header: ["strength", "kept", "(plain sum)", "disturbed", "(plain sum)", "source"])
    for row in rows {
      table.add([
        Numbers.fixed(row.strength, 3), Self.number(row.kept), Self.number(row.keptInSum), Self.share(row.disturbed),
        Self.share(row.disturbedInSum), Terminal.sanitised(row.name),
      ])
    }
    let legend =
      "kept: how much of its own ΔW the file contains, 1 being all of it at strength 1. disturbed: what the others add to "
      + "the answers to its inputs, 100 % being as much as its own answer at strength 1."
    return ["", "  What is left of each", ""] + table.lines(indent: 2, style: style) + [""]
      + TextWrap.lines(legend, width: Terminal.width, indent: 2).map(style.dim)
  }

  private static func number(_ value: Double?) -> String { value.map { Numbers.fixed($0, 3) } ?? "–" }

  /// Half-precision factors cannot tell less than a thousandth.
  private static func share(_ value: Double?) -> String {
    value.map { $0 < 1e-3 ? "< 0.1 %" : Numbers.percent($0, 1) } ?? "–"
  }
}

/// The JSON of a merge: the report, what is left of each source, and what they share before and after.
struct MergeDocument: Encodable {
  var report: any Encodable
  var survival: [Survival]?
  var overlaps: [OverlapChange]?

  private enum CodingKeys: String, CodingKey { case survival, overlaps }

  func encode(to encoder: any Encoder) throws {
    try report.encode(to: encoder)
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encodeIfPresent(survival, forKey: .survival)
    try container.encodeIfPresent(overlaps, forKey: .overlaps)
  }
}
