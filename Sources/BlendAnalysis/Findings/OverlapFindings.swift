import Adapters

/// What the weights share.
///
/// The thresholds mark what chance does not explain; how much of it shows in pictures is not known from weights, so
/// nothing here is rated above medium but plain identity.
enum OverlapFindings {
  static func all(_ report: BlendReport) -> [Finding] {
    report.pairs.flatMap { pair in
      guard pair.total.modules > 0 else { return [Finding]() }
      return [
        identity(pair), lineage(pair), sharedInitialisation(pair), reading(pair), writing(pair),
        direction(pair, report),
      ]
      .compactMap { $0 }
    }
  }

  private static func isCopy(_ pair: PairReport) -> Bool { (pair.total.cosine ?? 0) > 0.9 }

  private static func identity(_ pair: PairReport) -> Finding? {
    guard isCopy(pair), let cosine = pair.total.cosine else { return nil }
    return Finding(
      id: "near-duplicate", severity: .high, pair: [pair.a, pair.b],
      evidence: "cosine \(cosine.fixed(3)) over \(pair.total.modules) layers",
      meaning: "These are the same LoRA, or two saves of one run; together they act as one at twice the strength.",
      advice: "Use one of them.")
  }

  private static func lineage(_ pair: PairReport) -> Finding? {
    guard !isCopy(pair), let up = pair.sharedInit.upCosine, up > 0.2, let z = pair.sharedInit.z, z > 8 else {
      return nil
    }
    return Finding(
      id: "same-lineage", severity: .medium, pair: [pair.a, pair.b],
      evidence:
        "corresponding columns of lora_up have a mean cosine of \(up.fixed(2)), those of lora_down \((pair.sharedInit.meanCosine ?? 0).fixed(2))",
      meaning:
        "Both factors agree row by row: one file was trained on from the other, or both from a third. What they share is learned, and both bring it.",
      advice: "Train the characters from scratch, or together in one run; a merge of these doubles what they share.")
  }

  private static func sharedInitialisation(_ pair: PairReport) -> Finding? {
    guard pair.sharedInit.detected, let z = pair.sharedInit.z, (pair.sharedInit.upCosine ?? 0) <= 0.2 else {
      return nil
    }
    return Finding(
      id: "shared-init", severity: .info, pair: [pair.a, pair.b],
      evidence:
        "corresponding rows of lora_down have a mean cosine of \((pair.sharedInit.meanCosine ?? 0).fixed(2)) (z = \(z.fixed(0)))",
      meaning:
        "Both runs began from the same seed, so both read the same random directions. That inflates φ_in and ω_in without any learned overlap; judge by ω_out and the cosine's z.",
      advice: "Nothing to repair. For your next cast, a seed of its own for each run avoids it.")
  }

  private static func reading(_ pair: PairReport) -> Finding? {
    guard let excess = pair.total.omegaIn.excess, let z = pair.total.omegaIn.z, let value = pair.total.omegaIn.value,
      let expected = pair.total.omegaIn.expected, excess > 0.05, z > 8, !isCopy(pair)
    else { return nil }
    let explained = pair.sharedInit.detected
    return Finding(
      id: "reads-alike", severity: explained ? .info : excess > 0.2 ? .medium : .low, pair: [pair.a, pair.b],
      evidence:
        "ω_in \(value.fixed(3)) where chance gives \(expected.fixed(3)); strongest in \(strongest(pair) { $0.omegaIn.excess })",
      meaning: explained
        ? "Both listen to the same inputs, which their shared seed explains."
        : "Both listen to the same features of the input, so each may fire when the other's character is meant.",
      advice: explained
        ? "Look at ω_out and the cosine instead."
        : "Use triggers and tags the other does not have; when retraining, give each run the other's captions as regularisation, or co-train."
    )
  }

  private static func writing(_ pair: PairReport) -> Finding? {
    guard let excess = pair.total.omegaOut.excess, let z = pair.total.omegaOut.z, let value = pair.total.omegaOut.value,
      let expected = pair.total.omegaOut.expected, excess > 0.05, z > 8, !isCopy(pair)
    else { return nil }
    return Finding(
      id: "writes-alike", severity: excess > 0.2 ? .medium : .low, pair: [pair.a, pair.b],
      evidence:
        "ω_out \(value.fixed(3)) where chance gives \(expected.fixed(3)); strongest in \(strongest(pair) { $0.omegaOut.excess })",
      meaning:
        "Both push the picture along the same directions: what one draws, the other can draw over. Characters of one style or series do so by right.",
      advice:
        "Compare with a third LoRA of the same style: if it overlaps as much, this is style, not identity. Else lower the weaker one's strength."
    )
  }

  private static func direction(_ pair: PairReport, _ report: BlendReport) -> Finding? {
    guard let cosine = pair.total.cosine, let z = pair.total.cosineZ, abs(z) > 5, abs(cosine) > 0.02, !isCopy(pair)
    else {
      return nil
    }
    let adds = cosine > 0
    return Finding(
      id: adds ? "reinforces" : "cancels", severity: abs(cosine) > 0.2 ? .medium : .low, pair: [pair.a, pair.b],
      evidence:
        "cosine \(cosine.signed(3)) (z = \(z.fixed(0))), strongest in \(strongest(pair) { abs($0.cosine ?? 0) })",
      meaning: adds
        ? "Used together they amplify a change that both make: over-saturated, over-fitted looks at full strengths."
        : "Used together they undo part of each other.",
      advice: adds
        ? "Lower both strengths together; `\(MergeAdvice.command(report, [(pair.a, 0.7), (pair.b, 0.7)]))` is a start."
        : "Do not raise strengths to make up for it: that raises the rest as well. Retraining the two together is the cure."
    )
  }

  /// The block where a number is largest, weighted by nothing: the reader looks it up in the heat map.
  private static func strongest(_ pair: PairReport, by number: (Measures) -> Double?) -> String {
    let best = pair.blocks.filter { $0.part.isDenoiser || pair.blocks.allSatisfy { !$0.part.isDenoiser } }
      .max { (number($0.measures) ?? -1) < (number($1.measures) ?? -1) }
    return best.map { "\($0.block) \($0.role.rawValue)" } ?? "no block"
  }
}
