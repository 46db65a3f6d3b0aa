import Adapters
import Merge

/// What `troupe extract` prints.
struct ExtractView {
  private let report: ExtractReport
  private let style: Style

  init(_ report: ExtractReport, style: Style = .output) {
    self.report = report
    self.style = style
  }

  func lines() -> [String] {
    let ranks = report.rank.min == report.rank.max ? "\(report.rank.max)" : "\(report.rank.min)–\(report.rank.max)"
    var lines = [
      "\(style.bold(Terminal.sanitised(report.output)))  \(report.modules) layers, rank \(ranks), \(report.dtype)",
      "",
    ]
    var table = TextTable([.left, .right, .right], header: ["network", "layers", "captured"])
    for part in report.parts {
      table.add([
        ModelPart(rawValue: part.part)?.label ?? part.part, "\(part.modules)", Numbers.percent(part.capturedEnergy, 2),
      ])
    }
    table.add(["all", "\(report.modules)", Numbers.percent(report.capturedEnergy, 2)])
    lines += table.lines(indent: 2, style: style) + [""]
    var facts = TextTable([.left, .left])
    facts.add(["base", Terminal.sanitised(report.base)])
    facts.add(["tuned", Terminal.sanitised(report.tuned)])
    facts.add([
      "worst layer", "\(Numbers.percent(report.worstModule.capturedEnergy, 2)) in \(report.worstModule.module)",
    ])
    if let residual = report.residual {
      facts.add([
        "residual",
        "\(Numbers.scientific(residual)) of ‖difference‖, \(Numbers.scientific(report.expectedResidual)) without rounding",
      ])
      if let worst = report.worstResidual {
        facts.add(["  at worst", "\(Numbers.scientific(worst.residual)) in \(worst.module)"])
      }
    } else {
      facts.add(["residual", "not measured (--verify)"])
    }
    facts.add(["left out", "\(report.unchanged) layers without a difference"])
    if report.otherChanges > 0 {
      facts.add(["not held", "\(report.otherChanges) other tensors differ too, which this LoRA does not hold"])
    }
    facts.add(["AutoV3", String(report.hash.prefix(12))])
    return lines + facts.lines(indent: 2, style: style)
  }
}
