import Adapters
import LinearAlgebra

/// What two sources of a merge share before it, and what is left of them in the result shares.
///
/// What is left of a LoRA is the part of the result in its own directions, `P R Q`, with `P` and `Q` the projections onto
/// what its ΔW writes and reads: of LoRAs that share nothing, summed, it is each LoRA itself. What others write there from
/// there counts as well, because the file no longer tells whose it is, so a sum makes what overlaps more alike.
public struct OverlapChange: Sendable, Codable, Equatable {
  /// The first one's name.
  public var a: String
  /// The second one's name.
  public var b: String
  /// The LoRAs themselves, as a diagnosis of the two shows them.
  public var before: Shared
  /// What is left of them in the result.
  public var after: Shared

  /// The figures of a pair.
  public struct Shared: Sendable, Codable, Equatable {
    /// The signed cosine; nil where one of them is nothing.
    public var cosine: Double?
    /// Energy-weighted overlap of what they read.
    public var omegaIn: Overlap
    /// Energy-weighted overlap of what they write.
    public var omegaOut: Overlap

    private enum CodingKeys: String, CodingKey { case cosine, omegaIn, omegaOut }

    init(_ measures: Measures) {
      (cosine, omegaIn, omegaOut) = (measures.cosine, measures.omegaIn, measures.omegaOut)
    }

    /// Encodes an undefined cosine as null, so that the key is always there.
    public func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(cosine, forKey: .cosine)
      try container.encode(omegaIn, forKey: .omegaIn)
      try container.encode(omegaOut, forKey: .omegaOut)
    }
  }
}

/// The sums behind ``OverlapChange`` over layers, by the positions of the sources.
struct OverlapChangeTerms: Sendable {
  /// The sums of one side.
  struct Side: Sendable {
    var own: [Int: SelfTerms] = [:]
    var pairs: [[Int]: PairTerms] = [:]

    func shared(_ a: Int, _ b: Int) -> OverlapChange.Shared {
      OverlapChange.Shared(
        Measures(pairs[[a, b]] ?? PairTerms(), a: own[a] ?? SelfTerms(), b: own[b] ?? SelfTerms()))
    }

    static func + (a: Side, b: Side) -> Side {
      Side(own: a.own.merging(b.own, uniquingKeysWith: +), pairs: a.pairs.merging(b.pairs, uniquingKeysWith: +))
    }
  }

  var before = Side()
  var after = Side()

  init() {}

  /// The terms of one layer.
  ///
  /// - Parameters:
  ///   - participants: the sources that train the layer, in order, and last the result if it has the layer.
  ///   - sources: how many sources the merge has.
  ///   - gram: the Gram matrices of the participants.
  init(_ participants: [Participant], sources: Int, gram: ModuleGram) throws {
    let present = participants.indices.filter { participants[$0].index < sources }
    let bases = try present.map { i in
      let (range, tolerance) = (gram.ranges[i], participants[i].rankTolerance)
      return (
        inputs: try GramBasis(gram: gram.inputs.block(rows: range, columns: range), tolerance: tolerance),
        outputs: try GramBasis(gram: gram.outputs.block(rows: range, columns: range), tolerance: tolerance)
      )
    }
    before = Self.side(participants, present, gram, bases)
    guard present.count < participants.count, let whole = gram.ranges.last else { return }
    // P R Q = B G_B⁺ (Bᵀ B_R)(A_R Aᵀ) G_A⁺ A: the LoRA's own down factor, and its up factor times a small matrix.
    let cores = zip(present, bases).map { i, basis in
      let (left, right) = (basis.outputs.orthonormaliser, basis.inputs.orthonormaliser)
      let middle = gram.outputs.block(rows: gram.ranges[i], columns: whole)
        .times(gram.inputs.block(rows: whole, columns: gram.ranges[i]))
      return left.transposedTimes(left.times(middle)).timesTransposed(right).times(right)
    }
    var left = gram
    for (i, core) in zip(present, cores) {
      for (j, other) in zip(present, cores) {
        let block = core.transposedTimes(gram.outputs.block(rows: gram.ranges[i], columns: gram.ranges[j])).times(other)
        for (k, row) in gram.ranges[i].enumerated() {
          for (l, column) in gram.ranges[j].enumerated() { left.outputs[row, column] = block[k, l] }
        }
      }
    }
    after = Self.side(participants, present, left, bases)
  }

  /// Energies, cosines and overlaps; the bases serve the overlaps that are blind to strength, which are not used here.
  private static func side(
    _ participants: [Participant], _ present: [Int], _ gram: ModuleGram,
    _ bases: [(inputs: GramBasis, outputs: GramBasis)]
  ) -> Side {
    var side = Side()
    let own = present.map { i in
      let range = gram.ranges[i]
      return SelfTerms(
        inputs: gram.inputs.block(rows: range, columns: range), outputs: gram.outputs.block(rows: range, columns: range)
      )
    }
    for (i, terms) in zip(present, own) { side.own[participants[i].index] = terms }
    for i in present {
      for j in present where j > i {
        side.pairs[[participants[i].index, participants[j].index]] = PairTerms(
          gram, i, j, terms: own, bases: bases, outputs: participants[i].module.outputs,
          inputs: participants[i].module.inputs, alignable: false)
      }
    }
    return side
  }

  static func + (a: OverlapChangeTerms, b: OverlapChangeTerms) -> OverlapChangeTerms {
    var sum = OverlapChangeTerms()
    sum.before = a.before + b.before
    sum.after = a.after + b.after
    return sum
  }
}
