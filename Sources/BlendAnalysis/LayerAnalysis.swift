import Adapters
import LinearAlgebra

/// Everything measured in one layer.
struct LayerAnalysis: Sendable {
  var path: ModulePath
  /// Which LoRAs train the layer, by their position among those compared.
  var indices: [Int]
  var own: [SelfTerms]
  /// The pairs `(i, j)` of positions in `indices`, `i < j`, with what they share.
  var pairs: [(a: Int, b: Int, terms: PairTerms, angles: AngleTerms?)]
  /// The singular values of each participant, where they were asked for.
  var spectra: [Spectrum]

  /// Measures a layer.
  /// - Parameters:
  ///   - path: the layer.
  ///   - participants: the LoRAs that train it; all of one shape.
  ///   - detailed: whether principal angles and singular values are computed as well.
  ///   - panel: memory to work in.
  /// - Throws: ``AdapterError`` naming the tensor when a weight is NaN or infinite.
  static func measured(
    path: ModulePath, _ participants: [Participant], detailed: Bool, panel: inout ModuleGram.Panel
  ) throws -> LayerAnalysis {
    do {
      return try LayerAnalysis(path: path, participants, detailed: detailed, panel: &panel)
    } catch LinearAlgebraError.nonFinite {
      for participant in participants {
        if let error = try participant.adapter.nonFiniteError(in: participant.module) { throw error }
      }
      throw LinearAlgebraError.nonFinite
    }
  }

  private init(path: ModulePath, _ participants: [Participant], detailed: Bool, panel: inout ModuleGram.Panel) throws {
    self.path = path
    indices = participants.map(\.index)
    let gram = try ModuleGram(participants, panel: &panel)
    var own: [SelfTerms] = []
    var bases: [(inputs: GramBasis, outputs: GramBasis)] = []
    for (participant, range) in zip(participants, gram.ranges) {
      let inputs = gram.inputs.block(rows: range, columns: range)
      let outputs = gram.outputs.block(rows: range, columns: range)
      own.append(SelfTerms(inputs: inputs, outputs: outputs))
      let tolerance = participant.rankTolerance
      bases.append(
        (try GramBasis(gram: inputs, tolerance: tolerance), try GramBasis(gram: outputs, tolerance: tolerance)))
    }
    var details: [Details] = []
    if detailed {
      details = try participants.map {
        try Details($0.adapter.factors(of: $0.module), tolerance: $0.rankTolerance.squareRoot())
      }
    }
    spectra = details.map(\.spectrum)
    pairs = []
    for a in participants.indices {
      for b in participants.indices where b > a {
        let (left, right) = (participants[a].module, participants[b].module)
        let terms = PairTerms(
          gram, a, b, terms: own, bases: bases, outputs: left.outputs, inputs: left.inputs,
          alignable: left.isPair && right.isPair && left.rank == right.rank)
        let angles = detailed ? try AngleTerms(details[a], details[b]) : nil
        pairs.append((a, b, terms, angles))
      }
    }
    self.own = own
  }
}

/// The decompositions that only the detailed view needs.
struct Details {
  var inputBasis: Matrix
  var outputBasis: Matrix
  var spectrum: Spectrum

  init(_ factors: LowRank, tolerance: Double) throws {
    let inputs = try Span(columns: factors.down.transposed, tolerance: tolerance)
    let outputs = try Span(columns: factors.up, tolerance: tolerance)
    inputBasis = inputs.basis
    outputBasis = outputs.basis
    spectrum = Spectrum(values: try outputs.triangle.timesTransposed(inputs.triangle).singularValues())
  }
}
