import Merge

/// What `troupe merge` prints.
struct MergeView {
  private let report: MergeReport
  private let style: Style

  init(_ report: MergeReport, style: Style = .output) {
    self.report = report
    self.style = style
  }

  /// What a method does, in a few words.
  private static func described(_ method: String) -> String {
    switch method {
    case "concat": "concat: the exact sum, ranks added"
    case "svd": "svd: the exact sum, cut to the closest of this rank"
    case "kohya-compat":
      "kohya-compat: factors added, as old files were; own parts at strength², the rest cross terms"
    default: "\(method), in the coordinates the LoRAs share"
    }
  }

  private var isSum: Bool { report.method == "concat" || report.method == "svd" }

  func lines() -> [String] {
    let ranks = report.rank.min == report.rank.max ? "\(report.rank.max)" : "\(report.rank.min)–\(report.rank.max)"
    var lines = [
      "\(style.bold(Terminal.sanitised(report.output)))  \(report.modules) layers, rank \(ranks), \(report.dtype), \(report.dialect)",
      "",
    ]
    var table = TextTable([.right, .left, .left], header: ["strength", "AutoV3", "source"])
    for source in report.sources {
      table.add([Numbers.fixed(source.strength, 3), source.autov3, Terminal.sanitised(source.path)])
    }
    lines += table.lines(indent: 2, style: style) + [""]
    var facts = TextTable([.left, .left])
    facts.add(["method", Self.described(report.method)])
    facts.add([
      "discarded",
      report.discardedEnergy < 1e-12
        ? "nothing"
        : "\(Numbers.percent(report.discardedEnergy, 3)) of the \(isSum ? "sum" : "result")'s energy (exact)",
    ])
    if let residual = report.residual {
      facts.add([
        "residual",
        "\(Numbers.scientific(residual)) of \(isSum ? "‖sum‖" : "‖result‖"), truncation and rounding together",
      ])
      if let worst = report.worstModule {
        facts.add(["worst layer", "\(Numbers.scientific(worst.residual)) in \(worst.module)"])
      }
    } else {
      facts.add(["residual", "not measured (--verify)"])
    }
    if let own = report.overBase {
      facts.add([
        "over the base",
        "\(own.layers) layers (\(own.variants.joined(separator: ", "))), "
          + (own.discardedEnergy > 0
            ? "cut to rank \(own.rank): \(Numbers.percent(own.discardedEnergy, 2)) of their energy left out"
            : "exact at rank \(own.rank)"),
      ])
    }
    facts.add(["AutoV3", String(report.hash.prefix(12))])
    lines += facts.lines(indent: 2, style: style)
    return lines + LeftOut.lines(report.skipped, style: style)
  }
}
