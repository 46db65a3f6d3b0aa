import Adapters
import LinearAlgebra
import Testing

@testable import BlendAnalysis

/// Findings from files, through the whole analysis.
@Suite("Findings from files")
struct FindingFileTests {
  private func ids(_ adapters: [Adapter], strengths: [Double] = []) async throws -> Set<String> {
    let subjects = adapters.enumerated().map { index, adapter in
      Subject(
        adapter: adapter, name: "\(adapter.name)\(index)",
        strength: strengths.indices.contains(index) ? strengths[index] : 1)
    }
    return Set(
      try await BlendReport.make(subjects, options: AnalysisOptions(detailed: false)).findings.map(\.id))
  }

  @Test func theFixture() async throws {
    let (a, b, c, d) = (
      try Fixtures.overlap("a"), try Fixtures.overlap("b"), try Fixtures.overlap("c"),
      try Fixtures.overlap("d")
    )
    let related = try await ids([a, b])
    #expect(related.isSuperset(of: ["reinforces", "reads-alike", "writes-alike", "text-encoders"]))
    #expect(related.isDisjoint(with: ["shared-init", "same-lineage", "near-duplicate", "cancels"]))
    let sameSeed = try await ids([a, d])
    #expect(sameSeed.contains("shared-init"))
    #expect(sameSeed.isDisjoint(with: ["same-lineage", "near-duplicate"]))
    let independent = try await ids([a, c])
    #expect(
      independent.isDisjoint(with: [
        "shared-init", "same-lineage", "near-duplicate", "reads-alike", "writes-alike", "reinforces",
        "cancels",
      ]))
    #expect(try await ids([a, a]).isSuperset(of: ["near-duplicate", "sum-overdriven"]))
    #expect(try await ids([a, a], strengths: [1, -1]).contains("sum-cancels"))
    #expect(try await ids([a, a], strengths: [1, 4]).contains("unequal-strength"))
  }

  /// Every finding that weights alone can give is given by some file made for it.
  @Test func everyWeightFinding() async throws {
    let folder = try TemporaryFolder()
    var random = SeededGenerator(seed: 21)
    func layer(_ stem: String, up: Matrix? = nil, down: Matrix? = nil, extras: [String] = []) -> MadeLayer {
      MadeLayer(
        stem: stem, up: up ?? random.matrix(64, 8), down: down ?? random.matrix(8, 64), alpha: 8,
        extras: extras)
    }
    let (up, down) = (random.matrix(64, 8), random.matrix(8, 64))
    let plain = try made([layer(Layer.selfQ, up: up, down: down)], in: folder, "plain")
    var seen = try await ids([plain, plain])

    // Another seed's layer elsewhere, and a layer that needs the base model.
    let elsewhere = try made([layer(Layer.crossV)], in: folder, "elsewhere")
    seen.formUnion(try await ids([plain, elsewhere]))
    let dora = try made(
      [layer(Layer.selfQ), layer(Layer.crossV, extras: ["dora_scale"])], in: folder, "dora",
      extra: ["first.weight"])
    seen.formUnion(try await ids([plain, dora]))

    // The same up to a part of its own: rows and columns still agree with their counterparts.
    let offspring = try made(
      [layer(Layer.selfQ, up: up + random.matrix(64, 8), down: down + random.matrix(8, 64).scaled(by: 0.5))],
      in: folder,
      "offspring")
    seen.formUnion(try await ids([plain, offspring]))
    // The same start, another course.
    let sibling = try made(
      [layer(Layer.selfQ, down: down + random.matrix(8, 64).scaled(by: 0.2))], in: folder, "sibling")
    seen.formUnion(try await ids([plain, sibling]))
    // What one adds, the other takes away.
    let opposite = try made([layer(Layer.selfQ, up: up.scaled(by: -1), down: down)], in: folder, "opposite")
    seen.formUnion(try await ids([plain, opposite]))
    // Half of what is read or written is common.
    let mixed = try made(
      [
        layer(
          Layer.selfQ, up: .beside([up.firstColumns(4), random.matrix(64, 4)]),
          down: .stacked([down.firstRows(4), random.matrix(4, 64)]))
      ],
      in: folder, "mixed")
    seen.formUnion(try await ids([plain, mixed]))

    let silent = try made([layer(Layer.selfQ, up: Matrix(rows: 64, columns: 8))], in: folder, "silent")
    let loud = try made([layer(Layer.selfQ, up: up.scaled(by: 5))], in: folder, "loud")
    seen.formUnion(try await ids([silent, loud]))
    seen.formUnion(try await ids([plain, loud]))

    let text = try made([layer(Layer.text)], in: folder, "text")
    seen.formUnion(try await ids([text, text]))
    let versions = try [768, 2048].map { width in
      try made([layer(Layer.crossK, down: random.matrix(8, width))], in: folder, "width\(width)")
    }
    seen.formUnion(try await ids(versions))

    let fromWeights: Set = [
      "different-architecture", "shape-mismatch", "no-common-layers", "needs-base", "unmatched-keys",
      "no-effect",
      "near-duplicate", "same-lineage", "shared-init", "reads-alike", "writes-alike", "reinforces", "cancels",
      "unequal-strength", "text-encoders", "sum-overdriven", "sum-cancels",
    ]
    #expect(fromWeights.subtracting(seen).isEmpty, "not seen: \(fromWeights.subtracting(seen).sorted())")
    #expect(seen.subtracting(Finding.names).isEmpty, "not listed: \(seen.subtracting(Finding.names))")
  }
}
