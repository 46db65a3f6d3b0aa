import Adapters
import SafeTensors

extension BlendReport {
  /// Measures LoRAs against each other and puts the results into words.
  ///
  /// - Parameters:
  ///   - subjects: two or more LoRAs, or one for its own summary.
  ///   - options: how to run.
  /// - Throws: ``SafeTensorsError`` or ``AdapterError`` when a tensor cannot be read, `LinearAlgebraError` when one
  ///   holds values that are not finite.
  public static func make(_ subjects: [Subject], options: AnalysisOptions) async throws -> BlendReport {
    let analysis = try await Analysis.run(subjects, options: options)
    let everything = Analysis.Group(analysis.layers, subjects: subjects.count)
    let records = subjects.map { (name: $0.name, record: TrainingRecord(metadata: $0.adapter.file.header.metadata)) }
    var report = BlendReport(
      loras: analysis.summaries(everything), pairs: analysis.pairReports(everything), sum: analysis.sum(everything),
      recipes: RecipeComparison(records), findings: [])
    report.findings = Findings.all(report, analysis: analysis, records: records)
    return report
  }
}

extension Analysis {
  private struct Key: Hashable, Comparable {
    var part: ModelPart
    var block: String
    var role: ModulePath.Role

    static func < (a: Key, b: Key) -> Bool {
      (ModulePath.place(a.block), a.role) < (ModulePath.place(b.block), b.role)
    }
  }

  private var byPart: [(part: ModelPart, group: Group)] {
    Dictionary(grouping: layers, by: \.path.part).sorted { $0.key < $1.key }
      .map { ($0.key, Group($0.value, subjects: subjects.count)) }
  }

  private var byBlock: [(key: Key, group: Group)] {
    Dictionary(grouping: layers) { Key(part: $0.path.part, block: $0.path.block, role: $0.path.role) }
      .sorted { $0.key < $1.key }.map { ($0.key, Group($0.value, subjects: subjects.count)) }
  }

  func summaries(_ everything: Group) -> [LoRASummary] {
    let (parts, blocks) = (byPart, byBlock)
    return subjects.enumerated().map { index, subject in
      func norm(_ group: Group) -> Double { abs(subject.strength) * group.own[index].t.squareRoot() }
      return LoRASummary(
        name: subject.name, path: subject.adapter.file.path, architecture: subject.adapter.architecture,
        strength: subject.strength, norm: norm(everything), modules: everything.own[index].modules,
        needingBase: subject.adapter.needingBase.count,
        discardedOverBase: subject.adapter.modules.lazy.compactMap(\.bound).first?.truncation.discardedEnergy,
        unmatched: subject.adapter.unmatched.count,
        parts: parts.filter { $0.group.own[index].modules > 0 }.map { part, group in
          let spectra = group.layers.compactMap { layer in
            layer.indices.firstIndex(of: index).flatMap { layer.spectra.indices.contains($0) ? layer.spectra[$0] : nil }
          }
          let whole = SpectrumSummary(spectra)
          return LoRASummary.PartSummary(
            part: part, modules: group.own[index].modules, norm: norm(group), effectiveRank: whole?.effectiveRank,
            leadingShare: whole?.leadingShare, spectrum: whole?.shares ?? [])
        },
        blocks: blocks.filter { $0.group.own[index].modules > 0 }.map { key, group in
          LoRASummary.BlockSummary(block: key.block, part: key.part, role: key.role, norm: norm(group))
        })
    }
  }

  func pairReports(_ everything: Group) -> [PairReport] {
    let (parts, blocks) = (byPart, byBlock)
    var reports: [PairReport] = []
    for a in subjects.indices {
      for b in subjects.indices where b > a {
        let terms = everything.terms(a, b)
        let angles = layers.compactMap { $0.pair(a, b)?.angles }
        reports.append(
          PairReport(
            a: subjects[a].name, b: subjects[b].name, sharedInit: SharedInitialisation(terms.initialisation),
            total: Measures(terms, a: everything.own[a], b: everything.own[b]),
            anglesIn: AngleSummary(angles.map(\.inputs)), anglesOut: AngleSummary(angles.map(\.outputs)),
            parts: parts.map { .init(part: $0.part, measures: $0.group.measures(a, b)) }.filter {
              $0.measures.modules > 0
            },
            blocks: blocks.map { key, group in
              .init(block: key.block, part: key.part, role: key.role, measures: group.measures(a, b))
            }.filter { $0.measures.modules > 0 },
            hotspots: hotspots(a, b, everything)))
      }
    }
    return reports
  }

  /// The layers where overlap beyond chance and energy are both large, at most eight.
  private func hotspots(_ a: Int, _ b: Int, _ everything: Group) -> [PairReport.Hotspot] {
    let energy = (everything.own[a].t * everything.own[b].t).squareRoot()
    guard energy > 0 else { return [] }
    let found = layers.compactMap { layer -> (score: Double, spot: PairReport.Hotspot)? in
      guard let pair = layer.pair(a, b), let i = layer.indices.firstIndex(of: a),
        let j = layer.indices.firstIndex(of: b)
      else { return nil }
      let measures = Measures(pair.terms, a: layer.own[i], b: layer.own[j])
      guard let excessIn = measures.omegaIn.excess, let excessOut = measures.omegaOut.excess,
        let cosine = measures.cosine
      else { return nil }
      let share = (layer.own[i].t * layer.own[j].t).squareRoot() / energy
      return (
        max(excessIn, excessOut) * share,
        .init(
          module: layer.path.description, omegaInExcess: excessIn, omegaOutExcess: excessOut, cosine: cosine,
          energyShare: share)
      )
    }
    return found.filter { $0.score > 0 }.sorted { $0.score > $1.score }.prefix(8).map(\.spot)
  }

  func sum(_ everything: Group) -> SumReport {
    var orthogonal = 0.0
    var cross = 0.0
    for a in subjects.indices {
      orthogonal += subjects[a].strength * subjects[a].strength * everything.own[a].t
      for b in subjects.indices where b > a {
        cross += 2 * subjects[a].strength * subjects[b].strength * everything.terms(a, b).inner
      }
    }
    return SumReport(
      norm: max(0, orthogonal + cross).squareRoot(), orthogonalNorm: orthogonal.squareRoot(),
      energyRatio: orthogonal > 0 ? max(0, orthogonal + cross) / orthogonal : nil)
  }
}
