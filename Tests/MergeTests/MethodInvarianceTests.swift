import LinearAlgebra
import Testing

@testable import Merge

/// What must not change a merge, whatever the method.
@Suite struct MethodInvarianceTests {
  /// The methods that take any number of sources.
  static let methods: [any LayerMethod] = [
    PlainSum(), Average(), MagnitudePrune(density: 0.4), Ties(), Ties(election: .frequency), Breadcrumbs(),
    Sce(topK: 0.6),
    Tsv(), KnotsTies(), IsoC(), IsoCts(), NullSpace(mu: 1), Orthogonalise(), Wudi(),
  ]
  /// Those whose masks are drawn: the same for the same seed, but not in another order of axes.
  static let random: [any LayerMethod] = [Dare(seed: 7), DareTies(seed: 7), Della(seed: 7)]

  struct Part {
    var up: Matrix
    var down: Matrix
    var strength: Double
    var source: Int
  }

  static let parts = [(6, 1.0), (3, -0.5), (4, 0.8)].enumerated().map { index, entry in
    Part(
      up: MergeFixtures.matrix(20, entry.0, seed: UInt64(index + 1)).scaled(by: Double(index + 1)),
      down: MergeFixtures.matrix(entry.0, 30, seed: UInt64(index + 11)), strength: entry.1, source: index)
  }

  private func layer(_ parts: [Part], all: [Double]? = nil) throws -> CoreLayer {
    try CoreLayer(
      up: .beside(parts.map(\.up)), down: .stacked(parts.map(\.down)), ranks: parts.map(\.up.columns),
      scales: parts.map { _ in 1 }, strengths: parts.map(\.strength), sources: parts.map(\.source),
      allStrengths: all ?? parts.map(\.strength), name: "layer")
  }

  private func dense(_ method: any LayerMethod, _ parts: [Part], all: [Double]? = nil) throws -> Matrix {
    let layer = try layer(parts, all: all)
    return try method.merged(layer).factors(layer).dense
  }

  private func same(_ a: Matrix, _ b: Matrix, _ tolerance: Double = 1e-9) -> Bool {
    (a - b).squaredNorm.squareRoot() <= tolerance * max(1, a.squaredNorm.squareRoot())
  }

  @Test func coresAreExact() throws {
    let layer = try layer(Self.parts)
    for (core, part) in zip(layer.cores, Self.parts) {
      #expect(same(layer.inputs.lifted(layer.outputs.lifted(core)), part.up.times(part.down), 1e-14))
    }
  }

  @Test(arguments: methods.indices) func theOrderOfTheFiles(index: Int) throws {
    let expected = try dense(Self.methods[index], Self.parts)
    #expect(same(try dense(Self.methods[index], [2, 0, 1].map { Self.parts[$0] }), expected))
  }

  /// `(sB)(A/s)` is the same ΔW.
  @Test(arguments: methods.indices) func howTheFactorsShareTheirScale(index: Int) throws {
    var rescaled = Self.parts
    for (part, factor) in [(0, 8.0), (1, 0.01), (2, -3)] {
      rescaled[part].up = rescaled[part].up.scaled(by: factor)
      rescaled[part].down = rescaled[part].down.scaled(by: 1 / factor)
    }
    #expect(same(try dense(Self.methods[index], rescaled), try dense(Self.methods[index], Self.parts)))
  }

  @Test(arguments: random.indices) func theSameSeedGivesTheSameMasks(index: Int) throws {
    let method = Self.random[index]
    let first = try dense(method, Self.parts)
    let again = try dense(method, Self.parts)
    #expect(first == again)
    let other: [any LayerMethod] = [Dare(seed: 8), DareTies(seed: 8), Della(seed: 8)]
    #expect(!same(try dense(method, Self.parts), try dense(other[index], Self.parts), 1e-3))
  }

  /// Of one LoRA at strength 1 there is nothing to merge; what prunes or flattens does so by definition.
  @Test func oneAlone() throws {
    let part = Part(up: Self.parts[0].up, down: Self.parts[0].down, strength: 1, source: 0)
    let itself = part.up.times(part.down)
    let faithful: [any LayerMethod] = [
      PlainSum(), Average(), Ties(density: 1), Dare(density: 1), DareTies(density: 1), Della(density: 1),
      MagnitudePrune(density: 1),
      Breadcrumbs(density: 1), Sce(), Tsv(), KnotsTies(density: 1), NullSpace(), Orthogonalise(), KohyaCompat(),
    ]
    for method in faithful { #expect(same(try dense(method, [part]), itself), "\(type(of: method).name)") }
    // The ridge is 1e-6 of the mean eigenvalue.
    #expect(same(try dense(Wudi(), [part]), itself, 1e-4))
  }

  /// Merging a LoRA with itself: the means give it back, the sums double it.
  @Test func twiceTheSame() throws {
    let one = Part(up: Self.parts[0].up, down: Self.parts[0].down, strength: 1, source: 0)
    var two = one
    two.source = 1
    let itself = one.up.times(one.down)
    for method in [Average(), Ties(density: 1), Sce(), KnotsTies(density: 1)] as [any LayerMethod] {
      #expect(same(try dense(method, [one, two]), itself), "\(type(of: method).name)")
    }
    #expect(same(try dense(PlainSum(), [one, two]), itself.scaled(by: 2)))
    #expect(same(try dense(Wudi(), [one, two]), itself, 1e-4))
    // All that the second has is taken already.
    #expect(same(try dense(Orthogonalise(), [one, two]), itself))
    #expect(same(try dense(NullSpace(isHard: true), [one, two]), itself))
    #expect(same(try dense(Slerp(), [one, two]), itself))
    #expect(same(try dense(NuSlerp(), [one, two]), itself))
    // Kohya's way: four products, each the same.
    #expect(same(try dense(KohyaCompat(), [one, two]), itself.scaled(by: 4)))
  }

  /// Of the methods in which nobody votes or takes directions, strength 0 is absence by formula; for the others the plan
  /// leaves such a source out.
  @Test func strengthZeroIsAbsence() async throws {
    var silent = Self.parts
    silent[1].strength = 0
    for method in [PlainSum(), Average(), Tsv(), IsoC()] as [any LayerMethod] {
      #expect(same(try dense(method, silent), try dense(method, [silent[0], silent[2]])), "\(type(of: method).name)")
    }
    #expect(!same(try dense(Ties(), silent), try dense(Ties(), [silent[0], silent[2]])), "ties counts every vote")
    try await MergeFixtures.scratch { folder in
      let files = [MergeFixtures.path("one_kohya"), MergeFixtures.path("two_kohya")]
      let plan = try MergePlan(
        MergeRecipe(
          sources: try MergeFixtures.sources([(files[0], 1), (files[1], 0)]),
          method: .layered(Ties(), rank: nil, convolutionRank: nil)))
      #expect(plan.layers.allSatisfy { $0.parts.map(\.source) == [0] })
    }
  }

  /// What cannot be said of one layer is an error, not a guess.
  @Test func kohyaCompatNeedsOneRank() throws {
    let layer = try layer(Self.parts)
    #expect(throws: LayerMethodError.self) { try KohyaCompat().merged(layer) }
  }
}
