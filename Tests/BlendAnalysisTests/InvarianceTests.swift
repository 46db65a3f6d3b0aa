import Adapters
import LinearAlgebra
import Testing

@testable import BlendAnalysis

/// What must not change a number.
@Suite("Invariances")
struct InvarianceTests {
  /// Sums run in another order, so a little rounding is left: 1e-12 where everything is in double.
  private func same(_ a: Measures, _ b: Measures, _ relative: Double = 1e-12) -> Bool {
    func same(_ a: Overlap, _ b: Overlap) -> Bool {
      agree(a.value, b.value, relative: relative) && agree(a.expected, b.expected, relative: relative)
        && agree(a.excess, b.excess, relative: relative, floor: relative)
        && agree(a.z, b.z, relative: relative * 100, floor: relative * 100)
    }
    return a.modules == b.modules && agree(a.cosine, b.cosine, relative: relative, floor: relative)
      && agree(a.cosineZ, b.cosineZ, relative: relative * 100, floor: relative * 100)
      && same(a.omegaIn, b.omegaIn)
      && same(a.omegaOut, b.omegaOut) && same(a.phiIn, b.phiIn) && same(a.phiOut, b.phiOut)
  }

  private func report(_ subjects: [Subject], detailed: Bool = false, workers: Int = 2) async throws
    -> BlendReport
  {
    try await BlendReport.make(subjects, options: AnalysisOptions(detailed: detailed, workers: workers))
  }

  @Test(arguments: Measured.pairs)
  func order(pair: (String, String)) async throws {
    let there = try #require(
      try await report(Fixtures.subjects([pair.0, pair.1]), detailed: true).pairs.first)
    let back = try #require(
      try await report(Fixtures.subjects([pair.1, pair.0]), detailed: true).pairs.first)
    #expect((there.a, there.b) == (back.b, back.a))
    // b and c have a layer in single precision, whose sums are good to 2e-7.
    let relative = pair == ("b", "c") ? 1e-6 : 1e-12
    #expect(same(there.total, back.total, relative))
    #expect(there.parts.count == back.parts.count && there.blocks.count == back.blocks.count)
    for (a, b) in zip(there.parts, back.parts) {
      #expect(a.part == b.part && same(a.measures, b.measures, relative))
    }
    for (a, b) in zip(there.blocks, back.blocks) {
      #expect(a.block == b.block && a.role == b.role && same(a.measures, b.measures, relative))
    }
    #expect(there.sharedInit.detected == back.sharedInit.detected)
    #expect(agree(there.sharedInit.z, back.sharedInit.z, relative: relative, floor: relative))
    #expect(agree(there.anglesIn?.meanSmallest, back.anglesIn?.meanSmallest, relative: 1e-9))
    #expect(
      there.anglesOut?.shared == back.anglesOut?.shared && there.anglesOut?.count == back.anglesOut?.count)
    #expect(Set(there.hotspots.map(\.module)) == Set(back.hotspots.map(\.module)))
  }

  /// A third and a fourth LoRA change nothing between two.
  @Test func company() async throws {
    let all = try await report(Fixtures.subjects())
    #expect(all.pairs.count == 6)
    for pair in all.pairs {
      let alone = try #require(try await report(Fixtures.subjects([pair.a, pair.b])).pairs.first)
      #expect(
        same(pair.total, alone.total, pair.a == "b" && pair.b == "c" ? 1e-6 : 1e-12), "\(pair.a) \(pair.b)")
    }
  }

  @Test func workers() async throws {
    let one = try await report(Fixtures.subjects(), workers: 1)
    let many = try await report(Fixtures.subjects(), workers: 7)
    // Layers are independent and summed in their own order: not a bit may differ.
    for (a, b) in zip(one.pairs, many.pairs) { #expect(a.total == b.total && a.sharedInit == b.sharedInit) }
    #expect(one.loras.map(\.norm) == many.loras.map(\.norm))
  }

  @Test func strengthScalesNormsOnly() async throws {
    let plain = try await report(Fixtures.subjects(["a", "b"]))
    var subjects = try Fixtures.subjects(["a", "b"])
    subjects[0].strength = -0.5
    subjects[1].strength = 2
    let scaled = try await report(subjects)
    #expect(scaled.pairs[0].total == plain.pairs[0].total)
    #expect(agree(scaled.loras[0].norm, plain.loras[0].norm * 0.5, relative: 1e-15))
    #expect(agree(scaled.loras[1].norm, plain.loras[1].norm * 2, relative: 1e-15))
    #expect(agree(scaled.loras[1].parts[0].norm, plain.loras[1].parts[0].norm * 2, relative: 1e-15))
    #expect(agree(scaled.loras[1].blocks[0].norm, plain.loras[1].blocks[0].norm * 2, relative: 1e-15))
  }

  /// Whatever the norms do, the sum is that of the matrices: ‖s·A + t·B‖² from A, B and their inner product.
  @Test func theSum() async throws {
    let files = try #require(OverlapExpectation.shared?.files)
    let inner = try #require(OverlapExpectation.shared?.pairs["ab"]?.groups["total"] ?? nil).g
    let (a, b) = (
      files["a"]?.values.reduce(0) { $0 + $1.t } ?? 0, files["b"]?.values.reduce(0) { $0 + $1.t } ?? 0
    )
    for (s, t) in [(1.0, 1.0), (0.7, -0.4), (0, 1)] {
      var subjects = try Fixtures.subjects(["a", "b"])
      (subjects[0].strength, subjects[1].strength) = (s, t)
      let sum = try await report(subjects).sum
      #expect(agree(sum.norm, (s * s * a + t * t * b + 2 * s * t * inner).squareRoot(), relative: 1e-9))
      #expect(agree(sum.orthogonalNorm, (s * s * a + t * t * b).squareRoot(), relative: 1e-9))
      #expect(
        agree(
          sum.energyRatio, sum.norm * sum.norm / (sum.orthogonalNorm * sum.orthogonalNorm), relative: 1e-9))
    }
  }

  /// One factor multiplied and the other divided by a number make the same matrix.
  @Test func scaleBetweenFactors() async throws {
    let folder = try TemporaryFolder()
    var random = SeededGenerator(seed: 3)
    let (up, down) = (random.matrix(40, 4), random.matrix(4, 30))
    let other = try made(
      [MadeLayer(stem: Layer.selfQ, up: random.matrix(40, 4), down: random.matrix(4, 30))], in: folder,
      "other")
    let plain = try made([MadeLayer(stem: Layer.selfQ, up: up, down: down, alpha: 4)], in: folder, "plain")
    // Powers of two keep the stored numbers exact: up × 8, down / 16 and alpha / rank = 2.
    let moved = try made(
      [MadeLayer(stem: Layer.selfQ, up: up.scaled(by: 8), down: down.scaled(by: 1.0 / 16), alpha: 8)],
      in: folder, "moved")
    func total(_ adapter: Adapter) async throws -> Measures {
      try await report([Subject(adapter: adapter, name: "x"), Subject(adapter: other, name: "o")]).pairs[0]
        .total
    }
    #expect(same(try await total(plain), try await total(moved)))
  }
}
