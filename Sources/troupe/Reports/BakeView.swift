import Adapters
import Merge

/// What `troupe bake` prints.
struct BakeView {
  private let report: BakeReport
  private let style: Style

  init(_ report: BakeReport, style: Style = .output) {
    self.report = report
    self.style = style
  }

  func lines() -> [String] {
    let model = Architecture(rawValue: report.architecture)?.label ?? report.architecture
    var lines = [
      "\(style.bold(Terminal.sanitised(report.output)))  \(model), \(report.changedTensors) tensors changed (\(report.dtypes.joined(separator: ", "))), \(report.keptTensors) kept",
      "",
    ]
    var table = TextTable(
      [.right, .right, .left, .left], header: ["strength", "layers", "AutoV3", "baked in, in this order"])
    for source in report.sources {
      table.add([
        Numbers.fixed(source.strength, 3), "\(source.layers)", source.autov3, Terminal.sanitised(source.path),
      ])
    }
    lines += table.lines(indent: 2, style: style) + [""]
    var facts = TextTable([.left, .left])
    facts.add(["base", Terminal.sanitised(report.base)])
    if let residual = report.residual, let worst = report.worstTensor {
      facts.add(["residual", "\(Numbers.scientific(residual)) of ‖W‖ at worst, in \(Terminal.sanitised(worst))"])
      facts.add(["of the change", "\(Numbers.scientific(report.changeResidual)) is lost to rounding, over all tensors"])
    } else {
      facts.add(["residual", "not measured (--verify)"])
    }
    if report.sources.count > 1, report.sources.contains(where: \.rewrites) {
      facts.add(["order", "matters here: a DoRA, OFT, (IA)³ or GLoRA changes what was baked before it"])
    }
    lines += facts.lines(indent: 2, style: style)
    for (what, names) in [
      ("left out as asked", report.skipped), ("files left out, their weights are unbaked", report.filesLeftOut),
    ]
    where !names.isEmpty {
      lines += ["", style.yellow("  \(what): \(names.count)")]
      lines += names.prefix(5).map { TextTable.cut("    \(Terminal.sanitised($0))", to: Terminal.width) }
      if names.count > 5 { lines.append("    … all of them are listed by --json") }
    }
    return lines
  }
}
