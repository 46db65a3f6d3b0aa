import LinearAlgebra
import Testing

@testable import BlendAnalysis

@Suite("Shared initialisation")
struct SharedInitialisationTests {
  @Test(arguments: Measured.pairs)
  func perModule(pair: (String, String)) async throws {
    let expected = try #require(OverlapExpectation.shared?.pairs[pair.0 + pair.1]?.modules)
    let analysis = try await Measured.together()
    let a = try #require(Fixtures.names.firstIndex(of: pair.0))
    let b = try #require(Fixtures.names.firstIndex(of: pair.1))
    for (stem, module) in expected {
      let terms = try #require(Measured.layer(stem, in: analysis)?.pair(a, b)?.terms.initialisation)
      guard let shared = module.sharedInit else {
        #expect(terms.rows == 0, "rows of different ranks do not correspond")
        continue
      }
      // Cosines of stored numbers in double; means of few of them, held to the cosines' own size of 1.
      #expect(abs(terms.cosines / terms.rows - shared.mean) < 1e-12)
      #expect(abs(terms.others / terms.otherPairs - shared.offDiagonalMean) < 1e-12)
      #expect(agree(terms.aligned / terms.rows.squareRoot(), shared.z, relative: 1e-9, floor: 1e-9))
    }
  }

  @Test(arguments: Measured.pairs)
  func onlyOnePairBeganAlike(pair: (String, String)) async throws {
    let report = try await BlendReport.make(
      try Fixtures.subjects([pair.0, pair.1]), options: AnalysisOptions(detailed: false))
    let found = report.pairs[0].sharedInit
    #expect(found.detected == (pair == ("a", "d")), "\(found)")
    guard found.detected else { return }
    #expect(try #require(found.meanCosine) > 0.9)
    #expect(abs(try #require(found.otherCosine)) < 0.05)
    #expect(abs(try #require(found.upCosine)) < 0.2, "d has an up factor of its own")
  }

  private func terms(aligned: Double, rows: Double, others: Double, pairs: Double) -> InitialisationTerms {
    var terms = InitialisationTerms()
    (terms.aligned, terms.rows, terms.others, terms.otherPairs) = (aligned, rows, others, pairs)
    return terms
  }

  @Test func threshold() {
    // z = aligned / √rows: 8 is not enough, a little more is.
    #expect(!SharedInitialisation(terms(aligned: 16, rows: 4, others: 0, pairs: 10)).detected)
    #expect(SharedInitialisation(terms(aligned: 16.01, rows: 4, others: 0, pairs: 10)).detected)
    // When rows agree with others as well, the LoRAs are alike as a whole.
    #expect(!SharedInitialisation(terms(aligned: 40, rows: 4, others: 0.51, pairs: 10)).detected)
    #expect(SharedInitialisation(terms(aligned: 40, rows: 4, others: -0.49, pairs: 10)).detected)
    #expect(SharedInitialisation(InitialisationTerms()).z == nil)
  }

  /// A zero row has no direction, and must not make the mean undefined: `lora_up` begins at zero.
  @Test func zeroRows() {
    let cross = Matrix(rows: 2, columns: 2, elements: [1, 0, 0, 0])
    let terms = InitialisationTerms(
      cross: cross, a: cross, b: cross, upCross: Matrix(rows: 2, columns: 2),
      upA: Matrix(rows: 2, columns: 2),
      upB: Matrix(rows: 2, columns: 2), inputs: 9)
    #expect(terms.rows == 1 && terms.cosines == 1 && terms.aligned == 3)
    #expect(terms.otherPairs == 0 && terms.upColumns == 0)
  }
}
