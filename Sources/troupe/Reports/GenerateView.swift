import Adapters
import Diffusion

/// What `troupe generate` prints.
struct GenerateView {
  private let report: GenerateReport
  private let style: Style

  init(_ report: GenerateReport, style: Style = .output) {
    self.report = report
    self.style = style
  }

  /// Size, sampler, steps and scale in one line.
  static func settings(_ report: GenerateReport) -> String {
    let sampler = SamplerName(rawValue: report.sampler)?.infotextName ?? report.sampler
    let steps = "\(report.steps) step\(report.steps == 1 ? "" : "s")"
    return
      "\(report.width) × \(report.height), \(sampler) (\(report.schedule)), \(steps), CFG \(Numbers.plain(report.cfg))"
  }

  func lines() -> [String] {
    let family = Architecture(rawValue: report.architecture)?.label ?? report.architecture
    var lines = [
      "\(style.bold(Terminal.sanitised(report.model)))  \(family), \(report.dtype) on \(report.device)",
      "  \(Self.settings(report))",
    ]
    lines += report.notes.flatMap { TextWrap.lines(Terminal.sanitised($0), indent: 2) }
    if !report.loras.isEmpty {
      var table = TextTable([.right, .right, .left, .left], header: ["strength", "layers", "AutoV3", "LoRA"])
      for lora in report.loras {
        let place = lora.isTagged ? " (where a prompt names it)" : ""
        table.add([
          Numbers.fixed(lora.strength, 3), "\(lora.modules)", lora.autov3, Terminal.sanitised(lora.name) + place,
        ])
      }
      lines += [""] + table.lines(indent: 2, style: style)
    }
    lines += [""] + pictures()
    if let sheet = report.sheet {
      lines.append(
        "  \(style.bold(Terminal.sanitised(sheet.path)))  a sheet of \(sheet.rows) × \(sheet.columns), \(sheet.width) × \(sheet.height) pixels"
      )
    }
    let count = report.pictures.count
    lines.append("  \(count) picture\(count == 1 ? "" : "s") in \(Numbers.duration(report.seconds))")
    return lines
  }

  /// The files, where pictures have files of their own.
  private func pictures() -> [String] {
    let written = report.pictures.filter { $0.path != nil }
    guard !written.isEmpty else { return [] }
    let showsStrengths = Set(report.pictures.map(\.strengths)).count > 1
    var table = TextTable(
      [.right] + (showsStrengths ? [.right] : []) + [.left, .left],
      header: ["seed"] + (showsStrengths ? ["LoRA"] : []) + ["file", "of"])
    for picture in written {
      let strengths = picture.strengths.map(Numbers.plain).joined(separator: " + ")
      table.add(
        ["\(picture.seed)"] + (showsStrengths ? [strengths] : [])
          + [Terminal.sanitised(picture.path ?? ""), Terminal.sanitised(picture.label)])
    }
    return table.lines(indent: 2, style: style) + [""]
  }
}
