import Adapters
import Testing

@testable import BlendAnalysis

/// The null models, whose formulas the reports use, against simulated rotations.
@Suite("Null models")
struct NullModelTests {
  @Test(arguments: [0, 1])
  func agreeWithSimulation(index: Int) async throws {
    let simulated = try #require(OverlapExpectation.shared?.monteCarlo[index])
    let names = simulated.pair.map { String($0) }
    let analysis = try await Measured.alone(names[0], names[1])
    let layer = try #require(Measured.layer(simulated.module, in: analysis))
    let terms = try #require(layer.pair(0, 1)).terms
    let participant = try #require(analysis.subjects[0].adapter.modules.first { $0.path == layer.path })
    // One file's outputs are turned, which is one of the two rotations that `innerVariance` is the greater of.
    let inner = terms.omegaIn.x / Double(participant.outputs)
    #expect(terms.innerVariance >= inner * (1 - 1e-15))
    for (mean, variance, moments) in [
      (terms.omegaIn.expected, terms.omegaIn.variance, simulated.xIn),
      (terms.phiIn.expected, terms.phiIn.variance, simulated.phiIn), (0, inner, simulated.g),
    ] {
      // The same formulas from dense matrices: only rounding lies between.
      #expect(agree(mean, moments.formulaMean, relative: 1e-9))
      #expect(agree(variance, moments.formulaVariance, relative: 1e-9))
      // 4000 draws: four standard errors, as the fixture's own script asks for.
      #expect(abs(mean - moments.mean) < 4 * moments.meanStandardError)
      #expect(abs(variance - moments.variance) < 4 * moments.varianceStandardError)
    }
  }

  /// In one dimension nothing can be turned, so there is no z; in none nothing is divided by zero.
  @Test func withoutFreedom() {
    let terms = OverlapTerms(x: 6, most: 6, ta: 2, tb: 3, qa: 4, qb: 9, dimension: 1)
    #expect(terms.expected == 6 && terms.variance == 0)
    let overlap = Overlap(terms, most: 6)
    #expect(overlap.value == 1 && overlap.expected == 1 && overlap.excess == nil && overlap.z == nil)
    // A little room is enough for an excess, though.
    let narrow = Overlap(
      OverlapTerms(x: 6.9, most: 7, ta: 7, tb: 6.8, qa: 49, qb: 46.24, dimension: 7), most: 7)
    #expect(agree(narrow.excess, 0.5, relative: 1e-12))
    let nothing = Overlap(OverlapTerms(), most: 0)
    #expect(nothing.value == nil && nothing.expected == nil && nothing.excess == nil && nothing.z == nil)
  }

  /// A subspace that fills its space has no freedom either: the variance is zero but for rounding, and not negative.
  @Test func wholeSpace() {
    let terms = OverlapTerms(x: 3, most: 3, ta: 7, tb: 3, qa: 7, qb: 3, dimension: 7)
    #expect(terms.expected == 3 && terms.variance == 0)
  }

  /// By hand: two planes in four dimensions, projectors of trace 2: mean 2·2/4, variance 2·(2-1)·(2-1)/(3·6).
  @Test func planesInFourDimensions() {
    let terms = OverlapTerms(x: 2, most: 2, ta: 2, tb: 2, qa: 2, qb: 2, dimension: 4)
    #expect(terms.expected == 1)
    #expect(agree(terms.variance, 1.0 / 9, relative: 1e-15))
    let overlap = Overlap(terms, most: terms.most)
    #expect(overlap.value == 1 && overlap.expected == 0.5 && overlap.excess == 1)
    #expect(agree(overlap.z, 3, relative: 1e-15))
  }
}
