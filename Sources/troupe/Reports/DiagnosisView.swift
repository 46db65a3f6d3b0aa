import Adapters
import BlendAnalysis

/// What `troupe diagnose` prints.
struct DiagnosisView {
  private let report: BlendReport
  private let showsBlocks: Bool
  private let style: Style
  private let width: Int

  init(_ report: BlendReport, showsBlocks: Bool = false, style: Style = .output, width: Int = Terminal.width) {
    self.report = report
    self.showsBlocks = showsBlocks
    self.style = style
    self.width = width
  }

  func lines() -> [String] {
    var lines = loras() + [""] + pairs() + [""]
    if showsBlocks { lines += blocks() }
    lines += TextWrap.lines(report.caveat, width: width).map(style.dim) + [""]
    return lines + findings()
  }

  /// A letter for each LoRA, so that pairs fit a line however long the names are.
  private func label(_ name: String) -> String {
    guard let index = report.loras.firstIndex(where: { $0.name == name }) else { return name }
    return index < 26 ? String(UnicodeScalar(UInt8(65 + index))) : "#\(index + 1)"
  }

  private func loras() -> [String] {
    var table = TextTable(
      [.left, .right, .right, .right, .left, .left], header: ["", "strength", "‖ΔW‖", "layers", "base", "LoRA"])
    for lora in report.loras {
      table.add([
        style.bold(label(lora.name)), Numbers.fixed(lora.strength, 2), Numbers.fixed(lora.norm, 2), "\(lora.modules)",
        lora.architecture.label, Terminal.sanitised(lora.name),
      ])
    }
    return table.lines(width: width, style: style)
  }

  private func pairs() -> [String] {
    var table = TextTable(
      [.left, .right, .right, .right, .right, .right, .right],
      header: ["pair", "cosine", "z", "reads alike", "(chance)", "writes alike", "(chance)"])
    for pair in report.pairs {
      let total = pair.total
      table.add([
        style.bold("\(label(pair.a))–\(label(pair.b))") + (pair.sharedInit.detected ? " *" : ""),
        Numbers.fixed(total.cosine, 3, sign: true), Numbers.fixed(total.cosineZ, 1, sign: true),
        Numbers.fixed(total.omegaIn.value, 3), Numbers.fixed(total.omegaIn.expected, 3),
        Numbers.fixed(total.omegaOut.value, 3), Numbers.fixed(total.omegaOut.expected, 3),
      ])
    }
    var lines = table.lines(width: width, style: style)
    if report.pairs.contains(where: { $0.sharedInit.detected }) {
      lines.append(style.dim("* same starting weights: judge \"reads alike\" with that in mind"))
    }
    if let ratio = report.sum.energyRatio {
      lines.append("")
      lines.append(
        "Together: ‖ΣΔW‖ = \(Numbers.fixed(report.sum.norm, 2)), \(Numbers.percent(ratio)) of the energy of LoRAs that share nothing"
      )
    }
    return lines
  }

  private func blocks() -> [String] {
    var lines: [String] = []
    for pair in report.pairs where !pair.blocks.isEmpty {
      lines.append(
        style.bold("\(label(pair.a))–\(label(pair.b)) by block") + style.dim("  overlap beyond chance, from 0 to 1"))
      var table = TextTable(
        [.left, .left, .right, .right, .right, .right],
        header: ["block", "layers", "count", "cosine", "reads", "writes"])
      for block in pair.blocks {
        table.add([
          block.block, block.role.rawValue, "\(block.measures.modules)",
          Numbers.fixed(block.measures.cosine, 3, sign: true),
          Numbers.fixed(block.measures.omegaIn.excess, 3, sign: true),
          Numbers.fixed(block.measures.omegaOut.excess, 3, sign: true),
        ])
      }
      lines += table.lines(indent: 2, width: width, style: style) + [""]
    }
    return lines
  }

  private func findings() -> [String] {
    guard !report.findings.isEmpty else { return [style.green("Nothing stands out.")] }
    var lines = [style.bold("Findings")]
    // With many LoRAs the same thing is found of many pairs.
    let groups = FindingBlock.grouped(report.findings) { [$0.id, $0.severity.rawValue, $0.meaning] }
    for group in groups {
      let first = group[0]
      let mark =
        switch first.severity {
        case .high: style.red("high  ")
        case .medium: style.yellow("medium")
        case .low: style.cyan("low   ")
        case .info: style.dim("info  ")
        }
      let names = group.map { $0.pair.map(label).joined(separator: "–") }.joined(separator: ", ")
      let isOne = Set(group.map(\.evidence)).count == 1
      lines += FindingBlock(
        mark: mark, markWidth: 6, heading: names.isEmpty ? first.id : "\(first.id)  \(names)",
        evidence: (isOne ? [first] : group).map {
          (isOne ? "" : "\($0.pair.map(label).joined(separator: "–")): ", $0.evidence)
        }, meaning: first.meaning, advice: FindingBlock.distinct(group.map(\.advice))
      ).lines(width: width, style: style)
    }
    return lines
  }
}
