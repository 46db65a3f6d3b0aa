import Adapters
import LinearAlgebra
import Testing

@testable import BlendAnalysis

/// What is left of each LoRA, against the dense definitions.
@Suite("Survival")
struct SurvivalTests {
  private let shapes = [(Layer.selfQ, 30, 24), (Layer.crossV, 20, 28)]

  private func dense(_ layers: [MadeLayer]) -> [String: Matrix] {
    Dictionary(uniqueKeysWithValues: layers.map { ($0.stem, $0.up.times($0.down)) })
  }

  @Test func agreesWithTheDenseDefinition() async throws {
    let folder = try TemporaryFolder()
    var random = SeededGenerator(seed: 41)
    func layers(_ rank: Int, _ count: Int) -> [MadeLayer] {
      shapes.prefix(count).map { stem, out, width in
        MadeLayer(stem: stem, up: random.matrix(out, rank), down: random.matrix(rank, width), alpha: Double(rank))
      }
    }
    // The second trains one layer only, the result lacks none.
    let made = [layers(4, 2), layers(3, 1)]
    let result = layers(5, 2)
    let strengths = [0.8, -0.5]
    let subjects = try zip(made, strengths).enumerated().map { index, entry in
      Subject(
        adapter: try BlendAnalysisTests.made(entry.0, in: folder, "source\(index)"), name: "source\(index)",
        strength: entry.1)
    }
    let found = try await Survival.measured(
      of: subjects, in: try BlendAnalysisTests.made(result, in: folder, "result"))
    let deltas = made.map(dense)
    var sum: [String: Matrix] = [:]
    for (delta, strength) in zip(deltas, strengths) {
      for (stem, matrix) in delta { sum[stem] = (sum[stem] ?? matrix.scaled(by: 0)) + matrix.scaled(by: strength) }
    }
    for (index, delta) in deltas.enumerated() {
      for (target, kept, disturbed) in [
        (dense(result), found[index].kept, found[index].disturbed),
        (sum, found[index].keptInSum, found[index].disturbedInSum),
      ] {
        let inner = delta.reduce(0) { $0 + $1.value.dot(target[$1.key] ?? $1.value.scaled(by: 0)) }
        let c = inner / delta.values.reduce(0) { $0 + $1.squaredNorm }
        let rest = delta.reduce(0) { total, entry in
          let matrix = (target[entry.key] ?? entry.value.scaled(by: 0)) - entry.value.scaled(by: c)
          return total + matrix.timesTransposed(entry.value).squaredNorm
        }
        let own = delta.values.reduce(0) { $0 + $1.rowGram.squaredNorm }
        // The factors are stored in F32, so both sides are those of slightly different matrices.
        #expect(agree(kept, c, relative: 1e-6))
        #expect(agree(disturbed, (rest / own).squareRoot(), relative: 1e-6))
      }
    }
  }

  @Test func theLoRAItself() async throws {
    let folder = try TemporaryFolder()
    var random = SeededGenerator(seed: 42)
    let one = try made(
      [MadeLayer(stem: Layer.selfQ, up: random.matrix(20, 3), down: random.matrix(3, 24))], in: folder, "one")
    let zero = try made(
      [MadeLayer(stem: Layer.selfQ, up: Matrix(rows: 20, columns: 2), down: random.matrix(2, 24))], in: folder, "zero")
    let found = try await Survival.measured(
      of: [Subject(adapter: one, name: "one"), Subject(adapter: zero, name: "zero")], in: one)
    #expect(agree(found[0].kept, 1, relative: 1e-12) && agree(found[0].disturbed, 0, relative: 0, floor: 1e-6))
    #expect(found[1].kept == nil && found[1].disturbed == nil && found[1].name == "zero")
  }

  /// A result without one of the layers has lost what stood there.
  @Test func aLostLayer() async throws {
    let folder = try TemporaryFolder()
    var random = SeededGenerator(seed: 43)
    let (up, down) = (random.matrix(20, 3), random.matrix(3, 24))
    let both = try made(
      [MadeLayer(stem: Layer.selfQ, up: up, down: down), MadeLayer(stem: Layer.crossV, up: up, down: down)], in: folder,
      "both")
    let half = try made([MadeLayer(stem: Layer.selfQ, up: up, down: down)], in: folder, "half")
    let found = try await Survival.measured(of: [Subject(adapter: both, name: "both")], in: half)
    #expect(agree(found[0].kept, 0.5, relative: 1e-12) && agree(found[0].keptInSum, 1, relative: 1e-12))
  }
}
