public import Adapters
import LinearAlgebra

/// One LoRA to be compared, at the strength it will be used with.
public struct Subject: Sendable {
  /// The open file.
  public var adapter: Adapter
  /// How the report names it; unique among the subjects.
  public var name: String
  /// The strength in the prompt or merge.
  ///
  /// Angles and overlaps do not depend on it; norms do.
  public var strength: Double

  /// Creates a subject.
  public init(adapter: Adapter, name: String, strength: Double = 1) {
    self.adapter = adapter
    self.name = name
    self.strength = strength
  }
}

/// How an analysis is run.
public struct AnalysisOptions: Sendable {
  /// Whether principal angles and singular values are computed too; they take several times as long.
  public var detailed: Bool
  /// How many layers are measured at once.
  public var workers: Int
  /// Told from time to time how many layers of how many are done; called from any thread.
  public var progress: @Sendable (Int, Int) -> Void

  /// Creates options.
  public init(
    detailed: Bool = true, workers: Int = 2, progress: @escaping @Sendable (Int, Int) -> Void = { _, _ in }
  ) {
    self.detailed = detailed
    self.workers = workers
    self.progress = progress
  }
}

/// The measurements of all layers, before they are put into words.
struct Analysis: Sendable {
  var subjects: [Subject]
  var layers: [LayerAnalysis]
  /// Layers that two or more LoRAs train in different shapes: they are for different base models.
  var misshapen: [ModulePath]

  /// Measures every layer that any of the LoRAs trains.
  static func run(_ subjects: [Subject], options: AnalysisOptions) async throws -> Analysis {
    var subjects = subjects
    for (index, adapter) in Adapter.aligned(subjects.map(\.adapter)).enumerated() {
      subjects[index].adapter = adapter
    }
    var byPath: [ModulePath: [Participant]] = [:]
    for (index, subject) in subjects.enumerated() {
      for module in subject.adapter.factorable where module.outputs > 0 {
        byPath[module.path, default: []].append(Participant(index: index, adapter: subject.adapter, module: module))
      }
    }
    var misshapen: [ModulePath] = []
    var work: [(path: ModulePath, participants: [Participant])] = []
    for path in byPath.keys.sorted() {
      let participants = byPath[path] ?? []
      let shapes = Set(participants.map { [$0.module.outputs, $0.module.inputs] })
      if shapes.count == 1 {
        work.append((path, participants))
      } else {
        // Nothing can be compared between shapes, but each LoRA's own energy still counts.
        misshapen.append(path)
        work += participants.map { (path, [$0]) }
      }
    }
    let (pieces, detailed) = (work, options.detailed)
    BLAS.useOneThread()
    let layers = try await ParallelMap.run(
      count: pieces.count, width: options.workers, scratch: { ModuleGram.Panel() },
      progress: { options.progress($0, pieces.count) },
      body: { index, panel in
        try LayerAnalysis.measured(
          path: pieces[index].path, pieces[index].participants, detailed: detailed, panel: &panel)
      })
    return Analysis(subjects: subjects, layers: layers, misshapen: misshapen)
  }

  /// A set of layers with what it sums to.
  struct Group {
    var own: [SelfTerms]
    var layers: [LayerAnalysis]

    init(_ layers: [LayerAnalysis], subjects: Int) {
      self.layers = layers
      own = Array(repeating: SelfTerms(), count: subjects)
      for layer in layers {
        for (index, terms) in zip(layer.indices, layer.own) { own[index] = own[index] + terms }
      }
    }

    /// What two LoRAs share in these layers.
    func terms(_ a: Int, _ b: Int) -> PairTerms {
      var sum = PairTerms()
      for layer in layers {
        guard let pair = layer.pair(a, b) else { continue }
        sum = sum + pair.terms
      }
      return sum
    }

    /// The ratios that two LoRAs' shared terms make.
    func measures(_ a: Int, _ b: Int) -> Measures { Measures(terms(a, b), a: own[a], b: own[b]) }
  }
}

extension LayerAnalysis {
  /// What two LoRAs share in this layer; nil when one of them does not train it.
  func pair(_ a: Int, _ b: Int) -> (terms: PairTerms, angles: AngleTerms?)? {
    guard let i = indices.firstIndex(of: a), let j = indices.firstIndex(of: b),
      let found = pairs.first(where: { $0.a == min(i, j) && $0.b == max(i, j) })
    else { return nil }
    return (found.terms, found.angles)
  }
}
