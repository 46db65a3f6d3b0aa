import Merge

/// What `troupe convert` prints.
struct ConvertView {
  private let report: ConvertReport
  private let style: Style

  init(_ report: ConvertReport, style: Style = .output) {
    self.report = report
    self.style = style
  }

  func lines() -> [String] {
    var facts = TextTable([.left, .left])
    facts.add(["from", report.from.joined(separator: ", ")])
    facts.add(["to", report.to])
    facts.add(["alphas", alphas])
    let ways = [
      (report.exact, "bit for bit, or with another exponent alone"), (report.rounded, "rounded to their format"),
      (report.splits, "that were one are several now"), (report.joins, "that were several are one now"),
      (report.factored, "written as the exact LoRA of their change"),
    ]
    for (count, way) in ways where count > 0 { facts.add(["\(count) layers", way]) }
    if report.unchangedParts > 0 {
      facts.add(["\(report.unchangedParts) parts", "change nothing and are not written"])
    }
    for item in report.skipped.prefix(5) { facts.add(["left out", Terminal.sanitised(item)]) }
    if report.skipped.count > 5 { facts.add(["", "and \(report.skipped.count - 5) more"]) }
    if let residual = report.residual {
      facts.add(["residual", "\(Numbers.scientific(residual)) of the change, from the written file"])
      if let worst = report.worstModule, residual > 0 {
        facts.add(["worst layer", "\(Numbers.scientific(worst.residual)) in \(worst.module)"])
      }
    } else {
      facts.add(["residual", "not measured (--verify)"])
    }
    facts.add(["AutoV3", String(report.hash.prefix(12))])
    return ["\(style.bold(Terminal.sanitised(report.output)))  \(report.modules) layers", ""]
      + facts.lines(indent: 2, style: style)
  }

  private var alphas: String {
    switch report.alphas {
    case "factors": "in lora_B, for this dialect has none"
    case "metadata": "in lora_adapter_metadata, which diffusers alone reads"
    case "config": "in adapter_config.json"
    default: "in tensors"
    }
  }
}
