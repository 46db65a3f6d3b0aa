import Adapters
import LinearAlgebra
import Testing

@testable import BlendAnalysis

@Suite("What one LoRA contributes")
struct SelfTermTests {
  @Test(arguments: Fixtures.names)
  func energies(name: String) async throws {
    let expected = try #require(OverlapExpectation.shared?.files[name])
    for names in [[name], Fixtures.names] {
      let analysis = try await Analysis.run(try Fixtures.subjects(names), options: AnalysisOptions())
      let index = try #require(names.firstIndex(of: name))
      #expect(analysis.layers.count { $0.indices.contains(index) } == expected.count)
      for (stem, file) in expected {
        let layer = try #require(Measured.layer(stem, in: analysis))
        let place = try #require(layer.indices.firstIndex(of: index))
        // Alone, a layer in 16 bits is multiplied in single precision.
        let closeness = names.count == 1 && (name == "c" || name == "b") ? Closeness.single : .double
        #expect(closeness.accepts(layer.own[place].t, file.t), "\(stem)")
        #expect(closeness.accepts(layer.own[place].q, file.q), "\(stem)")
        #expect(layer.own[place].modules == 1)
      }
    }
  }

  @Test(arguments: Fixtures.names)
  func spectra(name: String) async throws {
    let expected = try #require(OverlapExpectation.shared?.files[name])
    let analysis = try await Measured.together()
    let index = try #require(Fixtures.names.firstIndex(of: name))
    for (stem, file) in expected {
      let layer = try #require(Measured.layer(stem, in: analysis))
      let spectrum = layer.spectra[try #require(layer.indices.firstIndex(of: index))]
      let largest = try #require(file.singularValues.first)
      #expect(spectrum.values.count == file.singularValues.count)
      // Always in double, by QR: backward stable, so 1e-13 of the largest; the fixture's own values are no better.
      for (a, b) in zip(spectrum.values, file.singularValues) { #expect(abs(a - b) <= 1e-12 * largest) }
      #expect(agree(spectrum.energy, file.t, relative: 1e-12))
      #expect(agree(spectrum.participationRatio, file.participationRatio, relative: 1e-11))
      #expect(agree(spectrum.stableRank, file.stableRank, relative: 1e-11))
      #expect(agree(spectrum.effectiveRank, file.entropyRank, relative: 1e-11))
    }
  }

  @Test func summaries() async throws {
    let report = try await BlendReport.make(try Fixtures.subjects(), options: AnalysisOptions())
    for lora in report.loras {
      let files = try #require(OverlapExpectation.shared?.files[lora.name])
      let energy = files.values.reduce(0) { $0 + $1.t }
      #expect(agree(lora.norm, energy.squareRoot(), relative: 1e-9))
      #expect(lora.modules == files.count && lora.needingBase == 0 && lora.unmatched == 0)
      #expect(lora.architecture == .sdxl && lora.strength == 1)
      // Squared norms add up over networks, and over blocks.
      #expect(agree(lora.parts.reduce(0) { $0 + $1.norm * $1.norm }, energy, relative: 1e-9))
      #expect(agree(lora.blocks.reduce(0) { $0 + $1.norm * $1.norm }, energy, relative: 1e-9))
      for part in lora.parts {
        // All shares of the energy, and the first of them is the leading one; no layer has more than 64 directions.
        #expect(agree(part.spectrum.reduce(0, +), 1, relative: 1e-12))
        #expect(agree(part.spectrum.first, part.leadingShare, relative: 1e-12))
        #expect((1...8).contains(try #require(part.effectiveRank)))
      }
    }
  }

  @Test func withoutDetailNothingIsDecomposed() async throws {
    let report = try await BlendReport.make(
      try Fixtures.subjects(["a", "b"]), options: AnalysisOptions(detailed: false))
    #expect(
      report.loras.allSatisfy { $0.parts.allSatisfy { $0.effectiveRank == nil && $0.spectrum.isEmpty } })
    #expect(report.pairs.allSatisfy { $0.anglesIn == nil && $0.anglesOut == nil })
    #expect(report.pairs[0].total.omegaIn.z != nil)
  }

  /// The summary of spectra by hand: energies 9 + 1 and 4, of 14.
  @Test func spectrumSummary() throws {
    let summary = try #require(SpectrumSummary([Spectrum(values: [3, 1]), Spectrum(values: [2])]))
    #expect(agree(summary.leadingShare, 13.0 / 14, relative: 1e-15))
    #expect(summary.shares.count == 2)
    #expect(
      agree(summary.shares[0], 13.0 / 14, relative: 1e-15)
        && agree(summary.shares[1], 1.0 / 14, relative: 1e-15))
    #expect(SpectrumSummary([]) == nil && SpectrumSummary([Spectrum(values: [0])]) == nil)
    let many = try #require(SpectrumSummary([Spectrum(values: Array(repeating: 1, count: 100))]))
    #expect(many.shares.count == 64 && agree(many.effectiveRank, 100, relative: 1e-12))
  }
}
