import Merge

/// What `troupe scale` prints.
struct ScaleView {
  private let report: ScaleReport
  private let style: Style

  init(_ report: ScaleReport, style: Style = .output) {
    self.report = report
    self.style = style
  }

  func lines() -> [String] {
    var facts = TextTable([.left, .left])
    facts.add(["strength", "UNet × \(report.unet), text encoders × \(report.textEncoders)"])
    let ways = [
      (report.byAlpha, "by alpha alone, factors copied bit for bit"),
      (report.bySign, "by alpha and the sign of the up factor (some loaders misread a negative alpha)"),
      (report.byFactor, "by multiplying a factor, rounded to its format"), (report.unchanged, "unchanged"),
    ]
    for (count, way) in ways where count > 0 { facts.add(["\(count) layers", way]) }
    if let residual = report.residual {
      facts.add(["residual", "\(Numbers.scientific(residual)) of the exact change, from the written file"])
      if let worst = report.worstModule {
        facts.add(["worst layer", "\(Numbers.scientific(worst.residual)) in \(worst.module)"])
      }
    } else {
      facts.add(["residual", "not measured (--verify)"])
    }
    facts.add(["AutoV3", String(report.hash.prefix(12))])
    return ["\(style.bold(Terminal.sanitised(report.output)))  \(report.modules) layers", ""]
      + facts.lines(indent: 2, style: style)
  }
}
