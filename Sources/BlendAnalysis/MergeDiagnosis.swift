public import Adapters
import LinearAlgebra

/// What a merge kept of its sources, and what these share before and after.
public struct MergeDiagnosis: Sendable, Codable, Equatable {
  /// One entry for each source, in their order.
  public var survival: [Survival]
  /// Every pair of sources.
  public var overlaps: [OverlapChange]
}

extension MergeDiagnosis {
  /// Measures a merged file against what went into it.
  ///
  /// - Parameters:
  ///   - sources: what was merged, with the strengths.
  ///   - result: the merged file.
  ///   - weight: what a source's ΔW of a layer was multiplied by; nil for its strength everywhere.
  ///   - options: workers and progress; `detailed` has no effect.
  /// - Returns: the measures; layers are summed before ratios are formed.
  /// - Throws: `AdapterError` or `LinearAlgebraError` when a weight is not finite.
  public static func measured(
    of sources: [Subject], in result: Adapter, weight: (@Sendable (Int, ModulePath) -> Double)? = nil,
    options: AnalysisOptions = AnalysisOptions()
  ) async throws -> MergeDiagnosis {
    var byPath: [ModulePath: [Participant]] = [:]
    for (index, adapter) in Adapter.aligned(sources.map(\.adapter) + [result]).enumerated() {
      for module in adapter.factorable where module.outputs > 0 {
        byPath[module.path, default: []].append(Participant(index: index, adapter: adapter, module: module))
      }
    }
    let work = byPath.keys.sorted().compactMap { path in byPath[path].map { (path: path, participants: $0) } }.filter {
      let first = $0.participants[0]
      return first.index < sources.count
        && $0.participants.allSatisfy {
          $0.module.outputs == first.module.outputs && $0.module.inputs == first.module.inputs
        }
    }
    let strengths = sources.map(\.strength)
    BLAS.useOneThread()
    let layers = try await ParallelMap.run(
      count: work.count, width: options.workers, scratch: { ModuleGram.Panel() },
      progress: { options.progress($0, work.count) },
      body: { index, panel in
        let (path, participants) = work[index]
        let gram = try ModuleGram(participants, panel: &panel)
        let applied = strengths.indices.map { weight?($0, path) ?? strengths[$0] }
        return (
          left: SurvivalTerms.layer(participants, applied: applied, gram: gram),
          shared: try OverlapChangeTerms(participants, sources: applied.count, gram: gram)
        )
      })
    let shared = layers.map(\.shared).reduce(OverlapChangeTerms(), +)
    return MergeDiagnosis(
      survival: sources.indices.map { source in
        Survival(sources[source], layers.compactMap { $0.left[source] }.reduce(SurvivalTerms(), +))
      },
      overlaps: sources.indices.flatMap { a in
        sources.indices.filter { $0 > a }.map { b in
          OverlapChange(
            a: sources[a].name, b: sources[b].name, before: shared.before.shared(a, b), after: shared.after.shared(a, b)
          )
        }
      })
  }
}
