public import Adapters
import LinearAlgebra

/// What a merge kept of one LoRA, and what the others added where it listens.
///
/// Measured from the merged file against the whole source, and for comparison for the plain sum with the weights that the
/// merge applied: strengths, λ, weights of networks and layers, exclusions.
public struct Survival: Sendable, Codable, Equatable {
  /// The source's name.
  public var name: String
  /// The strength it was merged with.
  public var strength: Double
  /// How much of its own ΔW the result contains, `⟨R, ΔW⟩ / ‖ΔW‖²`: 1 is all of it at strength 1; nil for a zero LoRA.
  public var kept: Double?
  /// The same of the plain sum.
  public var keptInSum: Double?
  /// What the others added to the answers to its inputs, `‖(R - kept · ΔW) ΔWᵀ‖ / ‖ΔW ΔWᵀ‖`: inputs are weighed by how
  /// strongly the LoRA itself listens to them; 0 is undisturbed, 1 is as much as its own answer at strength 1.
  public var disturbed: Double?
  /// The same of the plain sum.
  public var disturbedInSum: Double?
}

extension Survival {
  /// Measures a merged file against what went into it, without what the sources share.
  ///
  /// - Parameters:
  ///   - sources: what was merged, with the strengths.
  ///   - result: the merged file.
  ///   - weight: what a source's ΔW of a layer was multiplied by; nil for its strength everywhere.
  ///   - options: workers and progress; `detailed` has no effect.
  /// - Returns: one entry for each source, in their order. Layers are summed before ratios are formed.
  /// - Throws: `AdapterError` or `LinearAlgebraError` when a weight is not finite.
  public static func measured(
    of sources: [Subject], in result: Adapter, weight: (@Sendable (Int, ModulePath) -> Double)? = nil,
    options: AnalysisOptions = AnalysisOptions()
  ) async throws -> [Survival] {
    try await MergeDiagnosis.measured(of: sources, in: result, weight: weight, options: options).survival
  }

  init(_ subject: Subject, _ terms: SurvivalTerms) {
    self.init(
      name: subject.name, strength: subject.strength, kept: terms.result.kept(terms), keptInSum: terms.sum.kept(terms),
      disturbed: terms.result.disturbed(terms), disturbedInSum: terms.sum.disturbed(terms))
  }
}

/// The sums behind ``Survival`` for one source, over layers.
struct SurvivalTerms: Sendable {
  /// What a sum over layers says of one target, the result or the plain sum, `T`.
  struct Target: Sendable {
    /// `⟨T, ΔW⟩`.
    var inner = 0.0
    /// `‖T ΔWᵀ‖²`.
    var heard = 0.0
    /// `⟨T ΔWᵀ, ΔW ΔWᵀ⟩`.
    var own = 0.0

    func kept(_ terms: SurvivalTerms) -> Double? { terms.t > 0 ? inner / terms.t : nil }

    func disturbed(_ terms: SurvivalTerms) -> Double? {
      guard let c = kept(terms), terms.q > 0 else { return nil }
      return (max(0, heard - 2 * c * own + c * c * terms.q) / terms.q).squareRoot()
    }

    static func + (a: Target, b: Target) -> Target {
      Target(inner: a.inner + b.inner, heard: a.heard + b.heard, own: a.own + b.own)
    }
  }

  /// `‖ΔW‖²`.
  var t = 0.0
  /// `‖ΔW ΔWᵀ‖²`.
  var q = 0.0
  var result = Target()
  var sum = Target()

  static func + (a: SurvivalTerms, b: SurvivalTerms) -> SurvivalTerms {
    SurvivalTerms(t: a.t + b.t, q: a.q + b.q, result: a.result + b.result, sum: a.sum + b.sum)
  }

  /// The terms of each source that trains a layer, by its position.
  ///
  /// - Parameters:
  ///   - participants: the sources that train the layer, in order, and last the result if it has the layer.
  ///   - applied: what each source's ΔW was multiplied by here.
  ///   - gram: the Gram matrices of the participants.
  static func layer(_ participants: [Participant], applied: [Double], gram: ModuleGram) -> [Int: SurvivalTerms] {
    let sources = participants.indices.filter { participants[$0].index < applied.count }
    let stacked = 0..<(sources.last.map { gram.ranges[$0].upperBound } ?? 0)
    var weights = [Double](repeating: 1, count: stacked.count)
    for source in sources {
      for row in gram.ranges[source] { weights[row] = applied[participants[source].index] }
    }
    let hasResult = sources.count < participants.count
    var terms: [Int: SurvivalTerms] = [:]
    for source in sources {
      let range = gram.ranges[source]
      let own = SelfTerms(
        inputs: gram.inputs.block(rows: range, columns: range), outputs: gram.outputs.block(rows: range, columns: range)
      )
      var entry = SurvivalTerms(t: own.t, q: own.q)
      if hasResult, let whole = gram.ranges.last {
        entry.result = target(gram, whole, weights: [Double](repeating: 1, count: whole.count), against: range)
      }
      entry.sum = target(gram, stacked, weights: weights, against: range)
      terms[participants[source].index] = entry
    }
    return terms
  }

  /// The terms of a target whose factors are `rows` of the Gram matrices, up factors times `weights`.
  private static func target(
    _ gram: ModuleGram, _ rows: Range<Int>, weights: [Double], against own: Range<Int>
  ) -> Target {
    let crossIn = gram.inputs.block(rows: rows, columns: own)
    let crossOut = gram.outputs.block(rows: rows, columns: own).scalingRows(by: weights)
    let targetOut = gram.outputs.block(rows: rows, columns: rows).scalingRows(by: weights).scalingColumns(by: weights)
    let ownIn = gram.inputs.block(rows: own, columns: own)
    let ownOut = gram.outputs.block(rows: own, columns: own)
    return Target(
      inner: crossOut.dot(crossIn), heard: targetOut.times(crossIn).times(ownOut).dot(crossIn),
      own: crossOut.times(ownIn).times(ownOut).dot(crossIn))
  }
}
