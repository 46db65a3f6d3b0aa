import LinearAlgebra
import SafeTensors

extension InspectionSubject {
  /// What reading the weights shows.
  var weightWarnings: [InspectionWarning] {
    [nonFinite, zeros, dominance, underuse, fusedAttention].compactMap { $0 }
  }

  private var nonFinite: InspectionWarning? {
    let found = (measures?.flatMap(\.nonFinite) ?? []) + (looseContents?.nonFinite ?? [])
    guard let first = found.first else { return nil }
    let values = found.reduce(0) { $0 + $1.count }
    return .init(
      .nonFinite,
      "\(values.of("value")) in \(found.count.of("tensor")) \(values == 1 ? "is" : "are") NaN or infinite "
        + "(“\(first.name.shortened(to: 80))”): "
        + "images turn black; use an earlier save.")
  }

  private var zeros: InspectionWarning? {
    let zero = measures.map { measures in modules.indices.filter { measures[$0].isZero } } ?? []
    let loose = looseContents?.zero ?? []
    guard let example = zero.first.map({ modules[$0].path.description }) ?? loose.first else { return nil }
    let count = zero.count + loose.count
    let all = modules.count + (self.loose?.layers.count ?? 0)
    let isUntrained = zero.allSatisfy { measures?[$0].isUntrained ?? false }
    let meaning =
      isUntrained
      ? count == all
        ? "lora_up still has the zeros that training starts from, so the file does nothing"
        : "lora_up still has the zeros that training starts from: these layers were not trained"
      : "these layers change nothing"
    return .init(
      .zeroModules,
      "\(count.of("layer")) of \(all) \(count == 1 ? "is" : "are") all zero (for example "
        + "\(example.shortened(to: 80))); \(meaning)."
    )
  }

  private var dominance: InspectionWarning? {
    guard let measures, modules.count >= 4 else { return nil }
    let total = measures.reduce(0) { $0 + ($1.energy ?? 0) }
    guard total > 0,
      let top = modules.indices.max(by: { (measures[$0].energy ?? 0) < (measures[$1].energy ?? 0) })
    else { return nil }
    let share = (measures[top].energy ?? 0) / total
    guard share > 0.5 else { return nil }
    return .init(
      .dominantModule,
      "One layer, \(modules[top].path), holds \(Int((share * 100).rounded())) % of the whole change; it "
        + "decides how the file behaves and "
        + "may have been overtrained.")
  }

  private var underuse: InspectionWarning? {
    guard let measures else { return nil }
    var (weighted, total) = (0.0, 0.0)
    var ranks: [Int] = []
    for (module, measure) in zip(modules, measures) where module.isPair || module.variant == .tucker {
      guard let spectrum = measure.spectrum, spectrum.energy > 0 else { continue }
      weighted += spectrum.effectiveRank / Double(module.rank) * spectrum.energy
      total += spectrum.energy
      ranks.append(module.rank)
    }
    guard total > 0, let rank = ranks.sorted().dropFirst(ranks.count / 2).first, weighted / total < 0.1 else {
      return nil
    }
    let used = Double(rank) * weighted / total
    return .init(
      .rankUnderused,
      "Only about \(PlainText.number((used * 10).rounded() / 10)) of \(rank) directions per layer carry the "
        + "change: a rank of "
        + "\(max(4, Int((used * 4).rounded(.up)))) would hold nearly all of it in a smaller file.")
  }

  private var fusedAttention: InspectionWarning? {
    guard let stems = looseContents?.blockDiagonal, let first = stems.first else { return nil }
    return .init(
      .blockDiagonal,
      "\(stems.count.of("fused q/k/v layer")) \(stems.count == 1 ? "is" : "are") three separate LoRAs set "
        + "side by side (“\(first.shortened(to: 60))”): the true "
        + "rank is a third of the stored one, and they can be taken apart without loss.")
  }
}
