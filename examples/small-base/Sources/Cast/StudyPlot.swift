/// The study's main numbers as a picture: one row for each arm, a dot for each run, a line from the least to the greatest.
enum StudyPlot {
  /// One of the numbers.
  private struct Panel: Sendable {
    var heading: String
    var value: @Sendable (StudyMeasures) -> Double?
    /// The mark to reach, and whether values below it reach it.
    var mark: Double?
    var isAtMost = false
  }

  private static let panels = [
    Panel(heading: "own", value: { $0.own }, mark: 0.9),
    Panel(heading: "another", value: { $0.other }, mark: 0.05, isAtMost: true),
    Panel(heading: "without a trigger", value: { $0.generic }, mark: 0.05, isAtMost: true),
    Panel(heading: "base kept", value: { $0.base }),
  ]

  private static let (left, width, gap, row, top) = (420, 130, 46, 22, 44)

  /// The picture of arms that have runs, as SVG.
  static func svg(_ arms: [StudyTable.Arm], _ records: [StudyRecord]) -> String {
    let rows = arms.compactMap { arm -> (heading: String, runs: [StudyMeasures])? in
      let runs = records.filter { $0.arm == arm.name }.sorted { $0.seed < $1.seed }.map(StudyMeasures.init)
      return runs.isEmpty ? nil : (arm.heading.filter { $0 != "*" }, runs)
    }
    let height = top + row * rows.count + 14
    let whole = left + panels.count * (width + gap)
    var lines = [
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 \(whole) \(height)\" font-family=\"sans-serif\" font-size=\"12\">",
      "<rect width=\"\(whole)\" height=\"\(height)\" fill=\"#ffffff\"/>",
    ]
    for (index, panel) in panels.enumerated() {
      let start = left + index * (width + gap)
      func x(_ value: Double) -> String { number(Double(start) + value * Double(width)) }
      lines.append(text(x(0.5), 16, panel.heading, "middle", bold: true))
      for tick in [0.0, 0.5, 1] {
        lines.append(text(x(tick), 32, SeedMean.share(tick), "middle"))
        lines.append(rule(x(tick), top - 6, height - 10, "#d0d7de"))
      }
      if let mark = panel.mark {
        let (from, to) = panel.isAtMost ? (0, mark) : (mark, 1)
        lines.append(
          "<rect x=\"\(x(from))\" y=\"\(top - 6)\" width=\"\(number((to - from) * Double(width)))\" "
            + "height=\"\(height - 4 - top)\" fill=\"#2da44e\" fill-opacity=\"0.18\"/>")
      }
      for (place, entry) in rows.enumerated() {
        let y = top + place * row + row / 2
        let values = entry.runs.compactMap(panel.value)
        guard let least = values.min(), let greatest = values.max() else { continue }
        lines.append(
          "<line x1=\"\(x(least))\" x2=\"\(x(greatest))\" y1=\"\(y)\" y2=\"\(y)\" stroke=\"#0969da\" stroke-width=\"2\"/>"
        )
        lines += values.map { "<circle cx=\"\(x($0))\" cy=\"\(y)\" r=\"4\" fill=\"#0969da\" fill-opacity=\"0.6\"/>" }
      }
    }
    for (place, entry) in rows.enumerated() {
      lines.append(text("\(left - 16)", top + place * row + row / 2 + 4, entry.heading, "end"))
    }
    return (lines + ["</svg>"]).joined(separator: "\n") + "\n"
  }

  private static func number(_ value: Double) -> String {
    let tenths = Int((value * 10).rounded())
    return "\(tenths / 10).\(tenths % 10)"
  }

  private static func text(_ x: String, _ y: Int, _ text: String, _ anchor: String, bold: Bool = false) -> String {
    "<text x=\"\(x)\" y=\"\(y)\" text-anchor=\"\(anchor)\" fill=\"#24292f\"\(bold ? " font-weight=\"bold\"" : "")>\(text)</text>"
  }

  private static func rule(_ x: String, _ from: Int, _ to: Int, _ colour: String) -> String {
    "<line x1=\"\(x)\" x2=\"\(x)\" y1=\"\(from)\" y2=\"\(to)\" stroke=\"\(colour)\"/>"
  }
}
