import Merge

/// What `troupe resize` prints.
struct ResizeView {
  private let report: ResizeReport
  private let style: Style

  init(_ report: ResizeReport, style: Style = .output) {
    self.report = report
    self.style = style
  }

  func lines(verbose: Bool) -> [String] {
    var lines = [
      "\(style.bold(Terminal.sanitised(report.output)))  \(report.total.modules) layers, \(report.dtype), \(report.dialect)",
      "",
    ]
    var table = TextTable(
      [.left, .right, .right, .right, .right, .right, .right],
      header: ["part", "layers", "rank", "now", "√ΣS²", "Σ|S|", "bytes"])
    for summary in report.parts + [report.total] {
      table.add([
        summary.part, "\(summary.modules)", Self.ranks(summary.before), Self.ranks(summary.after),
        Numbers.percent(summary.retainedEnergy, 1), Numbers.percent(summary.retainedSum, 1),
        "\(Numbers.bytes(summary.bytesBefore)) → \(Numbers.bytes(summary.bytesAfter))",
      ])
    }
    lines += table.lines(indent: 2, style: style)
    lines += [style.dim("  ranks: least / median / greatest; √ΣS², Σ|S|: share kept; total: whole file"), ""]
    if report.total.bytesAfter > report.total.bytesBefore, report.layers.contains(where: { $0.after < $0.before }) {
      lines += [
        style.yellow("  larger than before: the original's variant stores high ranks in few numbers, factors cannot"),
        "",
      ]
    }
    if verbose { lines += layerLines() + [""] }
    var facts = TextTable([.left, .left])
    if report.rule == "size", let budget = report.parameter.map({ Int($0) }) {
      facts.add([
        "size",
        "\(Numbers.grouped(report.total.bytesAfter)) bytes of \(Numbers.grouped(budget)); \(Numbers.grouped(budget - report.total.bytesAfter)) left over",
      ])
    }
    if let residual = report.residual {
      facts.add(["residual", "\(Numbers.scientific(residual, digits: 4)) of ‖ΔW‖, from the written bytes"])
    } else {
      facts.add(["residual", "not measured (--verify)"])
    }
    facts.add(["expected", "\(Numbers.scientific(report.expectedResidual, digits: 4)) without rounding"])
    facts.add(["alpha", "the rank of each layer; the strength is what it was"])
    facts.add(["AutoV3", String(report.hash.prefix(12))])
    lines += facts.lines(indent: 2, style: style)
    return lines + LeftOut.lines(report.skipped, style: style)
  }

  private func layerLines() -> [String] {
    var table = TextTable(
      [.right, .right, .right, .right, .right, .left],
      header: ["rank", "now", "√ΣS²", "Σ|S|", "S₀", "layer"])
    for layer in report.layers {
      table.add([
        "\(layer.before)", "\(layer.after)", Numbers.percent(layer.retainedEnergy, 1),
        Numbers.percent(layer.retainedSum, 1), Numbers.scientific(layer.greatest), layer.module,
      ])
    }
    // Names of layers differ at their ends, so they are not cut, whatever the width.
    return table.lines(indent: 2, width: .max, style: style)
  }

  private static func ranks(_ ranks: ResizeReport.Ranks) -> String {
    guard ranks.min != ranks.max else { return "\(ranks.max)" }
    return
      "\(ranks.min) / \(Numbers.fixed(ranks.median, ranks.median == ranks.median.rounded() ? 0 : 1)) / \(ranks.max)"
  }
}
