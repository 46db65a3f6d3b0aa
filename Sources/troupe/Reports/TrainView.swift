/// A run on the terminal.
struct TrainView {
  private let report: TrainReport
  private let style: Style
  private let width: Int

  init(_ report: TrainReport, style: Style = .output, width: Int = Terminal.width) {
    (self.report, self.style, self.width) = (report, style, width)
  }

  func lines() -> [String] {
    var text = "\(style.bold(Terminal.sanitised(report.name))): "
    if report.finished, report.firstStep == report.steps {
      text += "all \(report.of) steps were done before"
    } else {
      text += report.finished ? "trained" : "interrupted after"
      text += " \(report.steps) of \(report.of) steps in \(Numbers.duration(report.seconds))"
    }
    if report.finished, report.steps < report.of { text += ", when everybody had learnt enough" }
    if report.finished, report.firstStep > 0, report.firstStep < report.steps {
      text += " (resumed after \(report.firstStep))"
    }
    if let seconds = report.secondsPerStep { text += ", \(Self.pace(seconds)) a step" }
    text += ", \(report.layers) layers"
    var lines = TextWrap.lines(text, width: width, hanging: 2) + [""]
    lines += characters()
    if let leak = report.leak { lines += [""] + matrix(leak) }
    if !report.files.isEmpty { lines += [""] + report.files.map(Terminal.sanitised) }
    if !report.finished { lines += ["", "Go on with --resume."] }
    return lines
  }

  private static func pace(_ seconds: Double) -> String {
    seconds < 10 ? "\(Numbers.fixed(seconds, seconds < 1 ? 2 : 1)) s" : Numbers.duration(seconds)
  }

  private func characters() -> [String] {
    let hasHeldOut = report.characters.contains { $0.heldOutLoss != nil }
    var table = TextTable(
      [.right, .right] + (hasHeldOut ? [.right] : []) + [.left, .left],
      header: ["samples", "loss"] + (hasHeldOut ? ["held-out loss"] : []) + ["character", "trigger"])
    for character in report.characters {
      let best = character.stoppedAtBest.map { " (best at step \($0))" } ?? ""
      table.add(
        ["\(character.samples)", number(character.loss)] + (hasHeldOut ? [number(character.heldOutLoss) + best] : [])
          + [Terminal.sanitised(character.name), Terminal.sanitised(character.trigger)])
    }
    return table.lines(indent: 2, width: width, style: style)
  }

  /// Rows are pictures, columns triggers.
  private func matrix(_ leak: TrainReport.Leak) -> [String] {
    let names = leak.characters.map { Terminal.sanitised($0) }
    var table = TextTable(
      [.left] + names.map { _ in .right } + [.right], header: ["pictures of"] + names + ["class alone"])
    for (index, row) in leak.matrix.enumerated() {
      table.add([names[index]] + row.map { Numbers.fixed($0, 2) } + [Numbers.fixed(leak.generic[index], 2)])
    }
    return TextWrap.lines(
      "leak: what each trigger does to each character's pictures, as a part of what the right one does; 0 is none",
      width: width, hanging: 2) + table.lines(indent: 2, width: width, style: style)
  }

  private func number(_ value: Double?) -> String { value.map { Numbers.fixed($0, 4) } ?? "–" }
}

/// The plan of a run on the terminal.
struct TrainPlanView {
  private let report: TrainPlanReport
  private let style: Style
  private let width: Int

  init(_ report: TrainPlanReport, style: Style = .output, width: Int = Terminal.width) {
    (self.report, self.style, self.width) = (report, style, width)
  }

  func lines() -> [String] {
    var text = "\(report.steps) steps of \(report.batch) samples"
    if report.accumulation > 1 { text += " in each of \(report.accumulation) batches" }
    text += report.mode == "separate" ? ", one LoRA for each character" : ", one LoRA"
    if report.heldOut > 0 { text += ", \(report.heldOut) picture\(report.heldOut == 1 ? "" : "s") held out" }
    var lines = TextWrap.lines(text, width: width, hanging: 2) + [""]
    var table = TextTable(
      [.right, .right, .right, .right, .right, .left],
      header: ["pictures", "uses each", "samples", "steps", "longest gap", "of"])
    for source in report.sources {
      let uses =
        source.fewestUses == source.mostUses ? "\(source.mostUses)" : "\(source.fewestUses)–\(source.mostUses)"
      table.add([
        "\(source.pictures)", uses, "\(source.samples)", "\(source.steps)", "\(source.longestGap)",
        (source.kind == "regularization" ? "reg " : "") + Terminal.sanitised(source.name),
      ])
    }
    lines += table.lines(indent: 2, width: width, style: style) + [""]
    let shown = report.sizes.prefix(6).map { "\($0.width)×\($0.height) (\($0.samples))" }
    let more = report.sizes.count > 6 ? " and \(report.sizes.count - 6) more" : ""
    lines += TextWrap.lines("sizes (samples): \(shown.joined(separator: ", "))\(more)", width: width, hanging: 2)
    for note in report.notes {
      lines += [""] + TextWrap.lines("note: \(Terminal.sanitised(note))", width: width, hanging: 2)
    }
    return lines
  }
}
