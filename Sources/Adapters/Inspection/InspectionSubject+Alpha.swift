import SafeTensors

extension InspectionSubject {
  /// What is odd about alphas, which decide a LoRA's strength.
  var alphaWarnings: [InspectionWarning] {
    [tooLarge, assumed, mixed, lost, contradictedAlpha].compactMap { $0 }
  }

  private var tooLarge: InspectionWarning? {
    let high = scaled.filter { $0.scale > 2 }
    guard let worst = high.max(by: { $0.scale < $1.scale }) else { return nil }
    return .init(
      .alphaAboveRank,
      "\(high.count.of("layer")) of \(modules.count) \(high.count == 1 ? "is" : "are") scaled by more than "
        + "2 (\(worst.path): alpha "
        + "\(PlainText.number(worst.alpha.value)) on rank \(worst.rank), scale "
        + "\(PlainText.number((worst.scale * 100).rounded() / 100))); "
        + "such files are usually far too strong at strength 1.")
  }

  private var assumed: InspectionWarning? {
    let missing = alphas.filter { $0.alpha.source == .assumed }.count
    guard missing > 0 else { return nil }
    let all = alphas.count
    return .init(
      .alphaAssumed,
      "\(missing == all ? "No alpha is stored" : "\(missing) of \(all) layers have no alpha stored"), so a "
        + "scale of 1 is assumed, as every loader does; "
        + "if it was trained with another alpha, its true strength is a multiple of what you see.")
  }

  private var mixed: InspectionWarning? {
    for group in [scaled.filter(\.kernel.isEmpty), scaled.filter { !$0.kernel.isEmpty }] {
      let scales = group.map(\.scale)
      guard let low = scales.min(), let high = scales.max(), high > low * 1.001 || (low < 0) != (high < 0)
      else { continue }
      return .init(
        .alphaMixed,
        "Layers of one kind are scaled differently, by \(Self.rounded(low)) to \(Self.rounded(high)): the "
          + "file was merged, trained with a "
          + "rank per block, or converted wrongly.")
    }
    return nil
  }

  /// Some tools write `1` where they mean that there is no alpha.
  private var lost: InspectionWarning? {
    guard !alphas.isEmpty, alphas.allSatisfy({ $0.alpha.source == .tensor && $0.alpha.value == 1 }),
      let rank = ranks.min(), rank >= 16, record.network.alpha != 1
    else { return nil }
    return .init(
      .alphaOne,
      "Every alpha is 1 on a rank of \(rank), which leaves a strength of 1/\(rank), and the metadata do not "
        + "ask for it: some tools write 1 "
        + "when they lose the alpha. If the file seems to do nothing, that is why.")
  }

  private var contradictedAlpha: InspectionWarning? {
    guard let stated = record.network.alpha, stated > 0,
      !record.network.networkArgs.contains(where: {
        $0.key.hasPrefix("rs_lora") && $0.value.lowercased() == "true"
      })
    else { return nil }
    let found = scaled.filter { $0.kernel.isEmpty && $0.alpha.source == .tensor }.map(\.alpha.value)
    guard let first = found.first, !found.contains(where: { abs($0 - stated) <= 0.004 * stated }) else {
      return nil
    }
    return .init(
      .metadataAlpha,
      "The metadata state an alpha of \(PlainText.number(stated)), but no layer has it (the first has "
        + "\(PlainText.number(first))); loaders follow the "
        + "layers.")
  }

  /// What is odd about ranks.
  var rankWarnings: [InspectionWarning] {
    let kinds: Set<Variant> = [.lora, .locon, .tucker, .loha, .lohaTucker]
    let ranks = modules.filter { $0.kernel.isEmpty && kinds.contains($0.variant) }.map(\.rank)
    if modules.isEmpty { return [looseRank].compactMap { $0 } }
    return [convolutionRank].compactMap { $0 } + linearRank(ranks)
  }

  /// Of layers of other models; the three or four parts of a fused layer have a third or a fourth of its rank each.
  private var looseRank: InspectionWarning? {
    let ranks = Set(loose?.layers.map(\.rank) ?? [])
    guard let stated = record.network.dim, stated > 0, let low = ranks.min(), let high = ranks.max(),
      !ranks.contains(stated), !ranks.contains(3 * stated), !ranks.contains(4 * stated)
    else { return nil }
    return .init(.metadataRank, Self.contradiction(stated, "the layers", low, high))
  }

  private var convolutionRank: InspectionWarning? {
    let ranks = modules.filter { !$0.kernel.isEmpty && [.lora, .locon].contains($0.variant) }.map(\.rank)
    guard let stated = record.network.convDim, stated > 0, let low = ranks.min(), let high = ranks.max(),
      !ranks.contains(stated)
    else { return nil }
    return .init(.metadataRank, Self.contradiction(stated, "the convolutions", low, high))
  }

  private static func contradiction(_ stated: Int, _ layers: String, _ low: Int, _ high: Int) -> String {
    "The metadata state rank \(stated)\(layers == "the layers" ? "" : " for convolutions"), but \(layers) have "
      + "\(low == high ? "rank \(low)" : "ranks from \(low) to \(high)"): the file was resized or merged after "
      + "training."
  }

  private func linearRank(_ ranks: [Int]) -> [InspectionWarning] {
    guard let stated = record.network.dim, stated > 0, let low = ranks.min(), let high = ranks.max() else {
      return []
    }
    guard ranks.contains(stated) else {
      return [
        .init(.metadataRank, Self.contradiction(stated, "the layers", low, high))
      ]
    }
    guard low < high else { return [] }
    return [
      .init(
        .mixedRanks,
        "The metadata state one rank, \(stated), but the layers have ranks from \(low) to \(high): the file "
          + "was resized, merged, or trained with "
          + "a rank per block.")
    ]
  }

  private static func rounded(_ value: Double) -> String { PlainText.number((value * 1000).rounded() / 1000) }
}
