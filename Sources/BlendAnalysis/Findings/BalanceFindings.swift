import Adapters

/// Whether the LoRAs are equally strong, and what their sum amounts to.
enum BalanceFindings {
  static func all(_ report: BlendReport) -> [Finding] {
    report.pairs.compactMap { norms(report, $0) } + textEncoders(report) + [overdrive(report)].compactMap { $0 }
  }

  private static func norms(_ report: BlendReport, _ pair: PairReport) -> Finding? {
    guard let a = report.loras.first(where: { $0.name == pair.a }),
      let b = report.loras.first(where: { $0.name == pair.b }),
      a.norm > 0, b.norm > 0
    else { return nil }
    let (strong, weak) = a.norm >= b.norm ? (a, b) : (b, a)
    let ratio = strong.norm / weak.norm
    guard ratio > 1.5 else { return nil }
    let evidence =
      "‖ΔW‖ is \(strong.norm.fixed(2)) for \(strong.name) and \(weak.norm.fixed(2)) for \(weak.name): \(ratio.fixed(1)) times"
    guard ratio <= 10 else {
      return Finding(
        id: "unequal-strength", severity: .medium, pair: [strong.name, weak.name], evidence: evidence,
        meaning:
          "So wide a gap comes less from learning than from scale: an alpha that was lost or ignored, another kind of network, or a training run that went too far or hardly began.",
        advice:
          "Compare alpha, learning rate and steps first: `\(MergeAdvice.inspection(report, [strong.name, weak.name]))`. At strengths that even this out, the stronger may not draw its character any more."
      )
    }
    let even = strong.strength / ratio
    return Finding(
      id: "unequal-strength", severity: ratio > 3 ? .medium : .low, pair: [strong.name, weak.name], evidence: evidence,
      meaning:
        "At these strengths the first changes the model far more and tends to win where both meet. (A larger norm is not always a larger effect.)",
      advice:
        "Begin with equal norms: `\(MergeAdvice.command(report, [(strong.name, even), (weak.name, weak.strength)]))`, then tune by eye."
    )
  }

  private static func textEncoders(_ report: BlendReport) -> [Finding] {
    let training = report.loras.filter { $0.parts.contains { !$0.part.isDenoiser && $0.norm > 0 } }
    guard training.count > 1 else { return [] }
    return [
      Finding(
        id: "text-encoders", severity: .low, pair: training.map(\.name),
        evidence: "\(training.count) of \(report.loras.count) change the text encoder",
        meaning:
          "Each changes how every word of the prompt is read, the other characters' triggers included; nothing confines it to its own.",
        advice:
          "Where your UI allows it, try text-encoder strength 0 for one of them; when retraining, leave the text encoder alone."
      )
    ]
  }

  private static func overdrive(_ report: BlendReport) -> Finding? {
    guard let ratio = report.sum.energyRatio, report.loras.count > 1, ratio > 1.2 || ratio < 0.8 else { return nil }
    return Finding(
      id: ratio > 1 ? "sum-overdriven" : "sum-cancels", severity: .medium, pair: [],
      evidence: "‖ΣΔW‖² is \(ratio.fixed(2)) times what it would be if they shared nothing",
      meaning: ratio > 1
        ? "Together they push shared directions harder than any of them was trained to."
        : "Together they lose part of what each learned.",
      advice: ratio > 1
        ? "Scale all strengths by \((1 / ratio.squareRoot()).fixed(2)) to bring the sum back to that level."
        : "Use fewer of them at once, or retrain them together.")
  }
}
