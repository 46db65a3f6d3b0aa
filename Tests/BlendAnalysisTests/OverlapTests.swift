import Adapters
import LinearAlgebra
import Testing

@testable import BlendAnalysis

@Suite("Overlap against dense matrices")
struct OverlapTests {
  @Test func theFixtureIsWhole() throws {
    let expected = try #require(OverlapExpectation.shared)
    #expect(expected.files.values.reduce(0) { $0 + $1.count } == 28)
    #expect(expected.pairs.count == 6 && expected.monteCarlo.count == 2)
  }

  @Test(arguments: Measured.pairs, [true, false])
  func modules(pair: (String, String), alone: Bool) async throws {
    let expected = try #require(OverlapExpectation.shared?.pairs[pair.0 + pair.1])
    let analysis = alone ? try await Measured.alone(pair.0, pair.1) : try await Measured.together()
    let a = try #require(analysis.subjects.firstIndex { $0.name == pair.0 })
    let b = try #require(analysis.subjects.firstIndex { $0.name == pair.1 })
    #expect(analysis.layers.count { $0.pair(a, b) != nil } == expected.modules.count)
    for (stem, module) in expected.modules {
      let layer = try #require(Measured.layer(stem, in: analysis))
      let (terms, _) = try #require(layer.pair(a, b))
      let isSingle = try layer.indices.allSatisfy { index in
        let found = analysis.subjects[index].adapter.modules.first { $0.path == layer.path }
        return try FactorSource(
          Participant(index: 0, adapter: analysis.subjects[index].adapter, module: try #require(found))
        ).isHalfPrecision
      }
      let closeness = isSingle ? Closeness.single : .double
      let context = Testing.Comment(rawValue: "\(pair) \(stem) \(isSingle ? "single" : "double")")
      // A standard deviation of its null for ⟨ΔW_a, ΔW_b⟩, which may be zero but for chance.
      let deviation = abs(module.scalars.g / module.scalars.cosineZ)
      #expect(closeness.accepts(terms.inner, module.scalars.g, scale: deviation), context)
      #expect(closeness.accepts(terms.omegaIn.x, module.scalars.xIn), context)
      #expect(closeness.accepts(terms.omegaOut.x, module.scalars.xOut), context)
      let own = (
        layer.own[try #require(layer.indices.firstIndex(of: a))],
        layer.own[try #require(layer.indices.firstIndex(of: b))]
      )
      #expect(closeness.differences(Measures(terms, a: own.0, b: own.1), module.scalars) == [], context)
    }
  }

  /// Which layers are multiplied in single precision is part of the test: both sides must be there.
  @Test func bothPrecisionsAreTaken() async throws {
    func single(_ names: [String], _ stem: String) throws -> Bool {
      try Fixtures.subjects(names).allSatisfy { subject in
        let module = try #require(subject.adapter.modules.first { $0.stem == stem })
        return try FactorSource(Participant(index: 0, adapter: subject.adapter, module: module))
          .isHalfPrecision
      }
    }
    let stem = "lora_unet_input_blocks_4_1_transformer_blocks_0_attn2_to_k"
    #expect(try single(["b", "c"], stem))
    #expect(try !single(["a", "c"], stem))
  }

  @Test(arguments: Measured.pairs)
  func sums(pair: (String, String)) async throws {
    let groups = try #require(OverlapExpectation.shared?.pairs[pair.0 + pair.1]?.groups)
    let report = try await BlendReport.make(
      try Fixtures.subjects([pair.0, pair.1]), options: AnalysisOptions(detailed: false))
    let found = try #require(report.pairs.first)
    #expect((found.a, found.b) == pair)
    // Sums over layers: one layer in single precision sets what can be asked of b and c.
    let closeness = pair == ("b", "c") ? Closeness.single : .double
    let total = try #require(groups["total"] ?? nil)
    #expect(closeness.differences(found.total, total) == [])
    for (name, part) in [("UNet", ModelPart.unet), ("TE1", .textEncoder1), ("TE2", .textEncoder2)] {
      let measures = found.parts.first { $0.part == part }?.measures
      guard let expected = groups[name] ?? nil else {
        #expect(measures == nil, "\(name) has no common layer")
        continue
      }
      #expect(closeness.differences(try #require(measures), expected) == [], "\(name)")
    }
    #expect(found.parts.reduce(0) { $0 + $1.measures.modules } == found.total.modules)
    #expect(found.blocks.reduce(0) { $0 + $1.measures.modules } == found.total.modules)
  }

  /// The fixture's groups, formed the other way: from all four measured together.
  @Test(arguments: Measured.pairs)
  func sumsTogether(pair: (String, String)) async throws {
    let groups = try #require(OverlapExpectation.shared?.pairs[pair.0 + pair.1]?.groups)
    let analysis = try await Measured.together()
    let a = try #require(Fixtures.names.firstIndex(of: pair.0))
    let b = try #require(Fixtures.names.firstIndex(of: pair.1))
    let total = try #require(groups["total"] ?? nil)
    let found = Analysis.Group(analysis.layers, subjects: 4).measures(a, b)
    #expect(Closeness.double.differences(found, total) == [])
  }
}
