import Adapters

/// Whether the LoRAs can be compared, and used together, at all.
enum CompatibilityFindings {
  static func all(_ report: BlendReport, analysis: Analysis) -> [Finding] {
    var found: [Finding] = []
    for pair in report.pairs {
      guard let a = report.loras.first(where: { $0.name == pair.a }),
        let b = report.loras.first(where: { $0.name == pair.b })
      else { continue }
      found += architectures(a, b, pair)
    }
    for lora in report.loras {
      found += incomplete(lora)
    }
    if !analysis.misshapen.isEmpty {
      found.append(
        Finding(
          id: "shape-mismatch", severity: .high, pair: [],
          evidence:
            "\(analysis.misshapen.count) layers have different shapes in different files, the first is \(analysis.misshapen[0])",
          meaning: "These files change different base models; where shapes differ nothing can be compared or merged.",
          advice: "Compare LoRAs of one base model only; `troupe inspect` names the base of each."))
    }
    return found
  }

  private static func architectures(_ a: LoRASummary, _ b: LoRASummary, _ pair: PairReport) -> [Finding] {
    if a.architecture != b.architecture, a.architecture != .unknown, b.architecture != .unknown {
      return [
        Finding(
          id: "different-architecture", severity: .high, pair: [a.name, b.name],
          evidence: "\(a.name) is for \(a.architecture.label), \(b.name) for \(b.architecture.label)",
          meaning: "They cannot be used with one checkpoint, let alone together.",
          advice: "Retrain one of them on the other's base model.")
      ]
    }
    guard pair.total.modules == 0 else { return [] }
    return [
      Finding(
        id: "no-common-layers", severity: .info, pair: [a.name, b.name],
        evidence: "\(a.name) trains \(a.modules) layers, \(b.name) \(b.modules), and none is in both",
        meaning:
          "Their weights cannot collide within a layer; they can still disturb each other through the layers between.",
        advice: "Test a picture with both triggers.")
    ]
  }

  private static func incomplete(_ lora: LoRASummary) -> [Finding] {
    var found: [Finding] = []
    if lora.needingBase > 0 {
      found.append(
        Finding(
          id: "needs-base", severity: .medium, pair: [lora.name],
          evidence: "\(lora.needingBase) layers of \(lora.name) are DoRA, OFT, (IA)³ or GLoRA",
          meaning: "Their change of the weights depends on the base model, so they are left out of every number here.",
          advice:
            "Give the base model with --base; else read the numbers as covering the other \(lora.modules) layers only.")
      )
    }
    if let left = lora.discardedOverBase, left > 0.5 {
      found.append(
        Finding(
          id: "cut-over-base", severity: .low, pair: [lora.name],
          evidence:
            "cut to --base-rank, the layers of \(lora.name) that depend on the base model lose \(Int((left * 100).rounded())) % of their energy",
          meaning: "The numbers here cover the strongest directions of what they do, and not most of it.",
          advice: "Raise --base-rank, or leave it out for the whole change."))
    }
    if lora.unmatched > 0 {
      found.append(
        Finding(
          id: "unmatched-keys", severity: lora.modules == 0 ? .high : .low, pair: [lora.name],
          evidence: "\(lora.unmatched) keys of \(lora.name) belong to no layer that this version knows",
          meaning: "What they change is not in these numbers.",
          advice: "`troupe inspect --modules \(lora.path)` lists them."))
    }
    if lora.norm == 0 {
      found.append(
        Finding(
          id: "no-effect", severity: .high, pair: [lora.name], evidence: "‖ΔW‖ of \(lora.name) is 0",
          meaning: "It changes nothing: an untrained save, a failed conversion, or strength 0.",
          advice: "Fetch or export the file again."))
    }
    return found
  }
}
