/// A run on the terminal.
struct TrainView {
  private let report: TrainReport

  init(_ report: TrainReport) { self.report = report }

  func lines() -> [String] {
    let style = Style.output
    var lines: [String] = []
    let done = report.finished ? "trained" : "interrupted after"
    lines.append(
      "\(style.bold(report.name)): \(done) \(report.steps) of \(report.of) steps in \(Numbers.duration(report.seconds))"
        + (report.secondsPerStep.map { ", \(Numbers.duration($0)) a step" } ?? "") + ", \(report.layers) layers")
    lines.append("")
    var table = TextTable(
      [.left, .left, .right, .right, .right], header: ["character", "trigger", "samples", "loss", "held-out loss"])
    for character in report.characters {
      table.add([
        character.name, character.trigger, "\(character.samples)", number(character.loss),
        number(character.heldOutLoss) + (character.stoppedAtBest.map { " (best at step \($0))" } ?? ""),
      ])
    }
    lines += table.lines(indent: 2)
    if let leak = report.leak { lines += [""] + matrix(leak) }
    if !report.files.isEmpty {
      lines.append("")
      lines += report.files
    }
    if !report.finished { lines += ["", "Go on with --resume."] }
    return lines
  }

  /// Rows are pictures, columns triggers.
  private func matrix(_ leak: TrainReport.Leak) -> [String] {
    var table = TextTable(
      [.left] + leak.characters.map { _ in .right } + [.right],
      header: ["drawn by the trigger of"] + leak.characters + ["nobody"])
    for (index, row) in leak.matrix.enumerated() {
      table.add([leak.characters[index]] + row.map { Numbers.fixed($0, 2) } + [Numbers.fixed(leak.generic[index], 2)])
    }
    return table.lines(indent: 2)
  }

  private func number(_ value: Double?) -> String { value.map { Numbers.fixed($0, 4) } ?? "" }
}

/// The plan of a run on the terminal.
struct TrainPlanView {
  private let report: TrainPlanReport

  init(_ report: TrainPlanReport) { self.report = report }

  func lines() -> [String] {
    var lines = [
      "\(report.steps) steps of \(report.batch) × \(report.accumulation) samples, \(report.passes) batches in all, mode \(report.mode)"
        + (report.heldOut > 0 ? ", \(report.heldOut) pictures held out" : ""), "",
    ]
    var table = TextTable(
      [.left, .right, .right, .right, .right, .right, .left],
      header: ["kind", "pictures", "uses of each", "samples", "in steps", "longest gap", "of"])
    for source in report.sources {
      let uses =
        source.fewestUses == source.mostUses ? "\(source.mostUses)" : "\(source.fewestUses) to \(source.mostUses)"
      table.add([
        source.kind, "\(source.pictures)", uses, "\(source.samples)", "\(source.steps)", "\(source.longestGap)",
        source.name,
      ])
    }
    lines += table.lines(indent: 2)
    lines.append("")
    lines += TextWrap.lines(
      "sizes: " + report.sizes.map { "\($0.width)×\($0.height) (\($0.samples))" }.joined(separator: ", "), hanging: 2)
    for note in report.notes { lines += [""] + TextWrap.lines("note: \(note)", hanging: 2) }
    return lines
  }
}
