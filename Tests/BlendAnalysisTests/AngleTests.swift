import Adapters
import LinearAlgebra
import Testing

@testable import BlendAnalysis

@Suite("Principal angles")
struct AngleTests {
  @Test(arguments: Measured.pairs)
  func agreeWithSciPy(pair: (String, String)) async throws {
    let expected = try #require(OverlapExpectation.shared?.pairs[pair.0 + pair.1]?.modules)
    let analysis = try await Measured.together()
    let a = try #require(Fixtures.names.firstIndex(of: pair.0))
    let b = try #require(Fixtures.names.firstIndex(of: pair.1))
    for (stem, module) in expected {
      let angles = try #require(Measured.layer(stem, in: analysis)?.pair(a, b)?.angles)
      for (found, expected) in [(angles.inputs, module.anglesIn), (angles.outputs, module.anglesOut)] {
        #expect(found.count == expected.count)
        // Always in double; both sides lose about 1e-15 times the condition of the factors, at most 1e4 here.
        for (x, y) in zip(found, expected) { #expect(abs(x - y) <= 1e-9, "\(pair) \(stem)") }
      }
    }
  }

  @Test func summary() throws {
    let summary = try #require(AngleSummary([[0.1, 0.5, 1.2], [0.3, 0.8], []]))
    let degrees = 180 / Double.pi
    #expect(agree(summary.smallest, 0.1 * degrees, relative: 1e-15))
    #expect(agree(summary.meanSmallest, 0.2 * degrees, relative: 1e-15))
    // Below 45°, 0.785: three of five.
    #expect(summary.shared == 3 && summary.count == 5)
    #expect(AngleSummary([]) == nil && AngleSummary([[], []]) == nil)
  }

  /// Half precision cannot tell angles below a thousandth apart, so reports never show less.
  @Test func smallestReportedAngle() throws {
    let summary = try #require(AngleSummary([[1e-9, 1]]))
    #expect(agree(summary.smallest, 1e-3 * 180 / .pi, relative: 1e-15))
    #expect(agree(summary.meanSmallest, summary.smallest, relative: 1e-15))
  }

  @Test func inTheReport() async throws {
    let report = try await BlendReport.make(try Fixtures.subjects(["a", "b"]), options: AnalysisOptions())
    let modules = try #require(OverlapExpectation.shared?.pairs["ab"]?.modules)
    let degrees = 180 / Double.pi
    for (found, angles) in [
      (report.pairs[0].anglesIn, modules.values.map(\.anglesIn)),
      (report.pairs[0].anglesOut, modules.values.map(\.anglesOut)),
    ] {
      let found = try #require(found)
      let firsts = angles.compactMap(\.first)
      // Degrees are 57 times radians, so 1e-9 rad above becomes 1e-7 with room.
      #expect(abs(found.smallest - (firsts.min() ?? 0) * degrees) < 1e-7)
      #expect(abs(found.meanSmallest - firsts.reduce(0, +) / Double(firsts.count) * degrees) < 1e-7)
      #expect(found.count == angles.reduce(0) { $0 + $1.count })
      #expect(found.shared == angles.joined().count { $0 < .pi / 4 })
    }
  }
}
