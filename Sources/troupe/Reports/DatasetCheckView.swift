import Trainer

/// What `troupe dataset check` prints.
struct DatasetCheckView {
  private let check: DatasetCheck
  private let showsPictures: Bool
  private let style: Style
  private let width: Int

  init(_ check: DatasetCheck, showsPictures: Bool = false, style: Style = .output, width: Int = Terminal.width) {
    self.check = check
    self.showsPictures = showsPictures
    self.style = style
    self.width = width
  }

  func lines() -> [String] {
    members() + [""] + run() + [""] + (showsPictures ? pictures() + [""] : []) + findings()
  }

  /// The run in a sentence, and the sizes that its pictures have.
  private func run() -> [String] {
    var text = "\(check.steps) steps, \(check.batches) batches, \(check.samples) samples"
    if let first = check.sizes.first {
      let shown = check.sizes.prefix(4).map { "\($0.width)×\($0.height) \(Numbers.percent(share($0)))" }
      text +=
        check.sizes.count == 1 ? ", all \(first.width)×\(first.height)" : "; sizes: " + shown.joined(separator: ", ")
      if check.sizes.count > 4 { text += " and \(check.sizes.count - 4) more" }
    }
    return TextWrap.lines(text, width: width)
  }

  private func share(_ size: DatasetCheck.Size) -> Double {
    check.samples > 0 ? Double(size.uses) / Double(check.samples) : 0
  }

  private func members() -> [String] {
    var table = TextTable(
      [.right, .right, .right, .right, .right, .right, .left],
      header: ["pictures", "uses each", "samples", "share", "steps", "longest gap", "of"])
    for member in check.members {
      let uses =
        member.pictures == 0
        ? "–" : member.leastUses == member.mostUses ? "\(member.mostUses)" : "\(member.leastUses)–\(member.mostUses)"
      let held = member.heldOut > 0 ? " (\(member.heldOut) held out)" : ""
      table.add([
        "\(member.pictures)\(held)", uses, "\(member.samples)", Numbers.percent(member.share), "\(member.steps)",
        "\(member.longestGap)", Terminal.sanitised(member.name),
      ])
    }
    return table.lines(width: width, style: style)
  }

  private func pictures() -> [String] {
    var lines: [String] = []
    for member in check.members {
      let own = check.pictures.filter { $0.member == member.name }
      guard !own.isEmpty else { continue }
      lines.append(style.bold(Terminal.sanitised(member.name)))
      var table = TextTable([.right, .right, .left, .left], header: ["uses", "size", "background", "picture"])
      for picture in own {
        table.add([
          picture.isHeldOut ? "held out" : "\(picture.uses)", "\(picture.width)×\(picture.height)",
          picture.background?.rawValue ?? "–", Terminal.sanitised(picture.path),
        ])
      }
      lines += table.lines(indent: 2, width: width, style: style)
    }
    return lines
  }

  private func findings() -> [String] {
    guard !check.findings.isEmpty else { return [style.green("Nothing stands out.")] }
    let counts = DatasetCheck.Finding.Severity.allCases.reversed().compactMap { severity in
      let count = check.findings.count { $0.severity == severity }
      return count == 0 ? nil : "\(count) \(severity.rawValue)\(count == 1 ? "" : "s")"
    }
    var lines = [style.bold("Findings") + style.dim(": \(counts.joined(separator: ", "))")]
    let groups = FindingBlock.grouped(check.findings) { [$0.id, $0.severity.rawValue, $0.meaning] }
    for group in groups {
      let first = group[0]
      let mark =
        switch first.severity {
        case .problem: style.red("problem")
        case .warning: style.yellow("warning")
        case .note: style.cyan("note   ")
        }
      let names = group.count == 1 ? about(first) : ""
      lines += FindingBlock(
        mark: mark, markWidth: 7, heading: names.isEmpty ? first.id : "\(first.id)  \(names)",
        evidence: group.map { (group.count == 1 ? "" : "\(about($0)): ", $0.evidence) }, meaning: first.meaning,
        advice: FindingBlock.distinct(group.map(\.advice))
      ).lines(width: width, style: style)
    }
    return lines
  }

  private func about(_ finding: DatasetCheck.Finding) -> String {
    let shown = finding.about.prefix(3).map { Terminal.sanitised($0) }.joined(separator: ", ")
    return finding.about.count > 3 ? "\(shown) and \(finding.about.count - 3) more" : shown
  }
}
