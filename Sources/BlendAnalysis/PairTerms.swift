import LinearAlgebra

/// Everything two LoRAs share in one layer, or, summed, in a block: numerators and variances only.
///
/// Ratios are formed once, at the end; averaging ratios would let a tiny layer weigh as much as a large one.
struct PairTerms: Sendable {
  /// `⟨ΔW_a, ΔW_b⟩`.
  var inner = 0.0
  /// The variance of `inner` when the other LoRA's outputs, or its inputs, are rotated at random, whichever is
  /// greater: `max(‖ΔW_bΔW_aᵀ‖²/out, ‖ΔW_aᵀΔW_b‖²/in)`.
  ///
  /// Conditional on the overlap of the other side, so that a shared initialisation does not pass for agreement.
  var innerVariance = 0.0
  /// Whether they listen to the same inputs, `‖ΔW_aΔW_bᵀ‖²`.
  var omegaIn = OverlapTerms()
  /// Whether they write to the same outputs, `‖ΔW_aᵀΔW_b‖²`.
  var omegaOut = OverlapTerms()
  /// `Σcos²θ` of the row spaces, blind to strength.
  var phiIn = OverlapTerms()
  /// `Σcos²θ` of the column spaces.
  var phiOut = OverlapTerms()
  var initialisation = InitialisationTerms()
  var modules = 0

  init() {}

  /// The terms of one layer.
  ///
  /// - Parameters:
  ///   - gram: the layer's Gram matrices.
  ///   - a, b: which participants.
  ///   - terms: their own terms, by participant.
  ///   - bases: orthonormalising factors of their Gram blocks, by participant.
  ///   - outputs, inputs: the layer's shape.
  ///   - alignable: whether both store plain factors of one rank, whose rows correspond.
  init(
    _ gram: ModuleGram, _ a: Int, _ b: Int, terms: [SelfTerms], bases: [(inputs: GramBasis, outputs: GramBasis)],
    outputs: Int, inputs: Int, alignable: Bool
  ) {
    let (ra, rb) = (gram.ranges[a], gram.ranges[b])
    let crossIn = gram.inputs.block(rows: ra, columns: rb)
    let crossOut = gram.outputs.block(rows: ra, columns: rb)
    let inA = gram.inputs.block(rows: ra, columns: ra)
    let inB = gram.inputs.block(rows: rb, columns: rb)
    let outA = gram.outputs.block(rows: ra, columns: ra)
    let outB = gram.outputs.block(rows: rb, columns: rb)
    inner = crossOut.dot(crossIn)
    let xIn = max(0, outA.times(crossIn).times(outB).dot(crossIn))
    let xOut = max(0, inA.times(crossOut).times(inB).dot(crossOut))
    innerVariance = max(xIn / Double(outputs), xOut / Double(inputs))
    let (ta, tb, qa, qb) = (terms[a].t, terms[b].t, terms[a].q, terms[b].q)
    let most = (qa * qb).squareRoot()
    omegaIn = OverlapTerms(x: xIn, most: most, ta: ta, tb: tb, qa: qa, qb: qb, dimension: inputs)
    omegaOut = OverlapTerms(x: xOut, most: most, ta: ta, tb: tb, qa: qa, qb: qb, dimension: outputs)
    phiIn = Self.phi(bases[a].inputs, bases[b].inputs, cross: crossIn, dimension: inputs)
    phiOut = Self.phi(bases[a].outputs, bases[b].outputs, cross: crossOut, dimension: outputs)
    if alignable {
      initialisation = InitialisationTerms(
        cross: crossIn, a: inA, b: inB, upCross: crossOut, upA: outA, upB: outB, inputs: inputs)
    }
    modules = 1
  }

  private static func phi(_ a: GramBasis, _ b: GramBasis, cross: Matrix, dimension: Int) -> OverlapTerms {
    let (k, l) = (Double(a.rank), Double(b.rank))
    return OverlapTerms(
      x: GramBasis.squaredCosines(a, b, cross: cross), most: min(k, l), ta: k, tb: l, qa: k, qb: l, dimension: dimension
    )
  }

  static func + (a: PairTerms, b: PairTerms) -> PairTerms {
    var sum = PairTerms()
    sum.inner = a.inner + b.inner
    sum.innerVariance = a.innerVariance + b.innerVariance
    sum.omegaIn = a.omegaIn + b.omegaIn
    sum.omegaOut = a.omegaOut + b.omegaOut
    sum.phiIn = a.phiIn + b.phiIn
    sum.phiOut = a.phiOut + b.phiOut
    sum.initialisation = a.initialisation + b.initialisation
    sum.modules = a.modules + b.modules
    return sum
  }
}
