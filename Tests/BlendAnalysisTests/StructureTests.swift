import Adapters
import Foundation
import LinearAlgebra
import SafeTensors
import Testing

@testable import BlendAnalysis

/// Which layers take part in what.
@Suite("Layers and participants")
struct StructureTests {
  private func report(_ adapters: [Adapter], detailed: Bool = true) async throws -> BlendReport {
    try await BlendReport.make(
      adapters.map { Subject(adapter: $0, name: $0.name) }, options: AnalysisOptions(detailed: detailed))
  }

  @Test func aLayerInOneFileOnly() async throws {
    let analysis = try await Measured.together()
    let mid = try #require(
      Measured.layer("lora_unet_middle_block_1_transformer_blocks_3_attn2_to_v", in: analysis))
    #expect(mid.indices == [0] && mid.pairs.isEmpty && mid.own.count == 1 && mid.spectra.count == 1)
    #expect(mid.pair(0, 1) == nil && mid.pair(1, 2) == nil)
  }

  @Test func layersStandInTheModelsOrder() async throws {
    let analysis = try await Measured.together()
    #expect(analysis.layers.map(\.path) == analysis.layers.map(\.path).sorted())
    #expect(analysis.layers.count == 8)
  }

  @Test func mixedRanks() async throws {
    let folder = try TemporaryFolder()
    var random = SeededGenerator(seed: 11)
    let adapters = try [1, 5, 16].map { rank in
      try made(
        [MadeLayer(stem: Layer.crossK, up: random.matrix(20, rank), down: random.matrix(rank, 24))],
        in: folder, "rank\(rank)")
    }
    let report = try await report(adapters)
    for pair in report.pairs {
      #expect(pair.total.modules == 1 && pair.sharedInit.z == nil)
      #expect((0...1).contains(try #require(pair.total.phiIn.value)))
      #expect(pair.anglesIn?.count == (pair.a == "rank1" ? 1 : 5))
    }
    // φ's chance level: the greater rank over the dimension.
    #expect(agree(report.pairs[0].total.phiIn.expected, 5.0 / 24, relative: 1e-14))
    #expect(agree(report.pairs[2].total.phiOut.expected, 16.0 / 20, relative: 1e-14))
  }

  @Test func differentShapes() async throws {
    let folder = try TemporaryFolder()
    var random = SeededGenerator(seed: 12)
    let adapters = try [768, 1024].map { width in
      try made(
        [
          MadeLayer(stem: Layer.crossK, up: random.matrix(8, 2), down: random.matrix(2, width)),
          MadeLayer(stem: Layer.selfQ, up: random.matrix(8, 2), down: random.matrix(2, 8)),
        ], in: folder, "width\(width)")
    }
    let analysis = try await Analysis.run(
      adapters.map { Subject(adapter: $0, name: $0.name) }, options: AnalysisOptions())
    #expect(
      analysis.misshapen.map(\.description) == [
        "unet.down_blocks.1.attentions.0.transformer_blocks.0.attn2.to_k"
      ])
    // Nothing is compared there, and both energies count.
    let everything = Analysis.Group(analysis.layers, subjects: 2)
    #expect(everything.terms(0, 1).modules == 1)
    #expect(everything.own.map(\.modules) == [2, 2])
  }

  @Test func oneAlone() async throws {
    let report = try await report([Fixtures.overlap("a")])
    #expect(report.pairs.isEmpty && report.loras.count == 1)
    #expect(agree(report.sum.norm, report.loras[0].norm, relative: 1e-14) && report.sum.energyRatio == 1)
  }

  /// Factors of a lower rank than they have columns: the span is what counts.
  @Test func dependentColumns() async throws {
    let folder = try TemporaryFolder()
    var random = SeededGenerator(seed: 13)
    let (up, down) = (random.matrix(30, 3), random.matrix(3, 25))
    let full = try made([MadeLayer(stem: Layer.selfQ, up: up, down: down, alpha: 3)], in: folder, "full")
    // Every row twice: the same span, held by six rows.
    let twice = try made(
      [MadeLayer(stem: Layer.selfQ, up: .beside([up, up]), down: .stacked([down, down]), alpha: 6)],
      in: folder, "twice")
    let pair = try #require(try await report([full, twice]).pairs.first)
    // The eigenvalues of a singular Gram matrix are good to 1e-15 of the greatest, the spans to the root of the tolerance.
    #expect(
      agree(pair.total.phiIn.value, 1, relative: 1e-9) && agree(pair.total.phiOut.value, 1, relative: 1e-9))
    #expect(agree(pair.total.cosine, 1, relative: 1e-12))
    #expect(agree(pair.total.phiIn.expected, 3.0 / 25, relative: 1e-12), "the rank is 3, not 6")
    #expect(pair.anglesIn?.count == 3)
  }

  /// A row that is a combination of others, rounded when it was stored, is no direction of its own.
  @Test(arguments: [DType.f32, .f16, .bf16])
  func dependentColumnsAfterRounding(dtype: DType) async throws {
    let folder = try TemporaryFolder()
    var random = SeededGenerator(seed: 15)
    let (up, down) = (random.matrix(60, 3), random.matrix(3, 50))
    let mix = Matrix(rows: 2, columns: 3, elements: [0.25, -0.5, 0.25, 0.75, 0.125, -0.5])
    let (otherUp, otherDown) = (random.matrix(60, 4), random.matrix(4, 50))
    let adapters = [
      try made(
        [
          MadeLayer(
            stem: Layer.selfQ, up: .beside([up, random.matrix(60, 2)]), down: .stacked([down, mix.times(down)]))
        ],
        in: folder, "dependent", dtype: dtype),
      try made([MadeLayer(stem: Layer.selfQ, up: otherUp, down: otherDown)], in: folder, "other", dtype: dtype),
    ]
    let pair = try #require(try await report(adapters).pairs.first)
    // From the exact matrices, by QR; rounding to the format moves each span by about its unit roundoff.
    let expected = try Span(columns: down.transposed).basis
      .transposedTimes(try Span(columns: otherDown.transposed).basis).squaredNorm
    #expect(pair.anglesIn?.count == 3 && pair.anglesOut?.count == 4)
    #expect(agree(pair.total.phiIn.expected, 4.0 / 50, relative: 1e-12), "the rank is 3, not 5")
    #expect(agree(pair.total.phiIn.value, expected / 3, relative: 20 * dtype.unitRoundoff))
  }

  @Test func anUntrainedLayer() async throws {
    let folder = try TemporaryFolder()
    var random = SeededGenerator(seed: 14)
    let zero = try made(
      [MadeLayer(stem: Layer.selfQ, up: Matrix(rows: 30, columns: 4), down: random.matrix(4, 25))],
      in: folder, "zero")
    let other = try made(
      [MadeLayer(stem: Layer.selfQ, up: random.matrix(30, 4), down: random.matrix(4, 25))], in: folder,
      "other")
    let report = try await report([zero, other])
    let total = try #require(report.pairs.first?.total)
    #expect(report.loras[0].norm == 0 && total.modules == 1)
    #expect(
      total.cosine == nil && total.cosineZ == nil && total.omegaIn.value == nil && total.phiOut.value == nil)
    // Both still have rows that point somewhere.
    #expect(total.phiIn.value != nil && report.pairs[0].sharedInit.z != nil)
    #expect(report.pairs[0].hotspots.isEmpty && report.pairs[0].anglesOut == nil)
    #expect(agree(report.sum.energyRatio, 1, relative: 1e-14))
  }

  @Test func hotspots() async throws {
    let report = try await report([Fixtures.overlap("a"), Fixtures.overlap("b")], detailed: false)
    let spots = report.pairs[0].hotspots
    let expected = try #require(OverlapExpectation.shared?.pairs["ab"]?.modules)
    #expect(!spots.isEmpty && spots.count <= 8)
    let scores = spots.map { max($0.omegaInExcess, $0.omegaOutExcess) * $0.energyShare }
    #expect(scores == scores.sorted(by: >) && scores.allSatisfy { $0 > 0 })
    #expect(spots.reduce(0) { $0 + $1.energyShare } <= 1 + 1e-12)
    for spot in spots {
      let module = try #require(
        expected.values.first { agree($0.scalars.cosine, spot.cosine, relative: 1e-9) })
      #expect(agree(spot.omegaInExcess, module.scalars.omegaIn.excess, relative: 1e-9))
      #expect(agree(spot.omegaOutExcess, module.scalars.omegaOut.excess, relative: 1e-9))
    }
  }

  @Test func progressIsTold() async throws {
    let told = Counter()
    _ = try await BlendReport.make(
      try Fixtures.subjects(["a", "b"]), options: AnalysisOptions(detailed: false) { told.note($0, $1) })
    #expect(told.seen.sorted() == Array(1...8) && told.totals == [8])
  }

  /// A value that is not finite is refused, and its tensor named.
  @Test(arguments: [Float.nan, .infinity], [true, false])
  func notFinite(value: Float, detailed: Bool) async throws {
    let folder = try TemporaryFolder()
    var random = SeededGenerator(seed: 15)
    var up = random.matrix(12, 2)
    up[5, 1] = Double(value)
    let broken = try made(
      [MadeLayer(stem: Layer.selfQ, up: up, down: random.matrix(2, 9))], in: folder, "broken")
    let sound = try made(
      [MadeLayer(stem: Layer.selfQ, up: random.matrix(12, 2), down: random.matrix(2, 9))], in: folder, "sound"
    )
    for adapters in [[broken], [broken, sound], [sound, broken]] {
      let error = try await #require(throws: AdapterError.self) {
        try await report(adapters, detailed: detailed)
      }
      #expect(error.rule == .nonFinite && error.path.hasSuffix("/broken.safetensors"))
      #expect(error.key == "\(Layer.selfQ).lora_up.weight" && error.detail.contains("1 of 24"))
    }
  }
}

/// Collects what a progress closure is told.
private final class Counter: @unchecked Sendable {
  private let lock = NSLock()
  private var values: [(Int, Int)] = []

  func note(_ done: Int, _ total: Int) { lock.withLock { values.append((done, total)) } }

  var seen: [Int] { lock.withLock { values.map(\.0) } }
  var totals: Set<Int> { lock.withLock { Set(values.map(\.1)) } }
}
