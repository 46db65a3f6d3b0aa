import Adapters

/// Whether the LoRAs were made alike: the lowest error rates are reported for characters trained on one base, with
/// one set of parameters, in one batch.
enum RecipeFindings {
  static func all(_ records: [(name: String, record: TrainingRecord)]) -> [Finding] {
    CaptionFindings.pairs(records).flatMap(pair) + records.compactMap(derivative)
  }

  private typealias Entry = (name: String, record: TrainingRecord)

  private static func pair(_ a: Entry, _ b: Entry) -> [Finding] {
    let comparison = RecipeComparison([(a.name, a.record), (b.name, b.record)])
    var found: [Finding] = []
    if let prediction = prediction(a, b) { found.append(prediction) }
    if comparison.sameBase.answer == .no {
      found.append(
        Finding(
          id: "different-base", severity: .medium, pair: [a.name, b.name], evidence: comparison.sameBase.evidence,
          meaning:
            "Each learned what to change in a different model. On a third one both are a little off, and not in the same way.",
          advice: "Prefer LoRAs trained on one foundation model; retrain where you have the pictures."))
    }
    if comparison.sameParameters.answer == .no, !comparison.differingParameters.isEmpty {
      found.append(
        Finding(
          id: "different-recipe", severity: .info, pair: [a.name, b.name],
          evidence: "they differ in \(comparison.differingParameters.prefix(6).joined(separator: ", "))",
          meaning:
            "Different rank, alpha, learning rate or length make LoRAs of different stiffness; equal strengths are then not equally strong.",
          advice:
            "Compare ‖ΔW‖ above and balance the strengths; `troupe inspect` with both files shows the parameters side by side."
        ))
    }
    if comparison.sameRun.answer == .yes || comparison.sameRun.answer == .likely {
      found.append(
        Finding(
          id: "same-run", severity: .info, pair: [a.name, b.name], evidence: comparison.sameRun.evidence,
          meaning: "Two saves of one run, or two runs of one setup: much of what they share is the same learning.",
          advice: "To compare characters, use files of different runs; of one run, keep the better save."))
    }
    return found
  }

  private static func prediction(_ a: Entry, _ b: Entry) -> Finding? {
    guard let left = a.record.base.predictionType, let right = b.record.base.predictionType, left != right else {
      return nil
    }
    return Finding(
      id: "different-prediction", severity: .high, pair: [a.name, b.name],
      evidence: "\(a.name) was trained for \(left.label), \(b.name) for \(right.label)",
      meaning: "A LoRA trained for one prediction type pushes a model of the other the wrong way.",
      advice: "Use each with its own kind of checkpoint only; retrain one of them to combine them.")
  }

  private static func derivative(_ entry: Entry) -> Finding? {
    let assessment = entry.record.base.assessment
    guard assessment.kind == .derivative else { return nil }
    return Finding(
      id: "derivative-base", severity: .low, pair: [entry.name],
      evidence:
        "\(entry.name) was trained on \(entry.record.base.modelName ?? "an unnamed model"): \(assessment.reason)",
      meaning: assessment.consequence,
      advice: "Train on the foundation model and use the LoRA on the derivative, not the reverse.")
  }
}
