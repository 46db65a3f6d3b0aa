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

  /// What one file stores as one layer and the merged file keeps apart is compared all the same.
  @Test func acrossNamings() async throws {
    let folder = try TemporaryFolder()
    var random = SeededGenerator(seed: 43)
    let (up, down) = (random.matrix(18, 2), random.matrix(2, 6))
    let whole = [MadeLayer(stem: "lora_unet_double_blocks_0_img_attn_qkv", up: up, down: down, alpha: 2)]
    let parts = ["to_q", "to_k", "to_v"].enumerated().map { index, name in
      MadeLayer(
        stem: "lora_transformer_transformer_blocks_0_attn_\(name)",
        up: up.block(rows: index * 6..<index * 6 + 6, columns: 0..<2), down: down, alpha: 2)
    }
    let source = Subject(adapter: try BlendAnalysisTests.made(whole, in: folder, "whole"), name: "whole")
    let found = try await Survival.measured(of: [source], in: try BlendAnalysisTests.made(parts, in: folder, "parts"))
    // The same numbers: what is left is the rounding of F32 files.
    #expect(abs(try #require(found[0].kept) - 1) < 1e-6)
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

  /// The plain sum is that of the weights that were applied, layer by layer.
  @Test func theSumHasTheWeightsThatWereApplied() async throws {
    let folder = try TemporaryFolder()
    var random = SeededGenerator(seed: 44)
    let layers = shapes.map { stem, out, width in
      MadeLayer(stem: stem, up: random.matrix(out, 3), down: random.matrix(3, width), alpha: 3)
    }
    let one = try made(layers, in: folder, "one")
    let found = try await Survival.measured(
      of: [Subject(adapter: one, name: "one", strength: 0.8)], in: one,
      weight: { $1.name.contains("attn1") ? 0.25 : 0 })
    let energies = layers.map { $0.up.times($0.down).squaredNorm }
    #expect(agree(found[0].kept, 1, relative: 1e-6))
    #expect(agree(found[0].keptInSum, 0.25 * energies[0] / (energies[0] + energies[1]), relative: 1e-6))
  }

  /// The overlaps are those of the LoRAs, and of the result projected on what each writes to and reads.
  @Test func overlapsBeforeAndAfter() async throws {
    let folder = try TemporaryFolder()
    var random = SeededGenerator(seed: 45)
    func layers(_ rank: Int) -> [MadeLayer] {
      shapes.map { stem, out, width in
        MadeLayer(stem: stem, up: random.matrix(out, rank), down: random.matrix(rank, width), alpha: Double(rank))
      }
    }
    let made = [layers(4), layers(3)]
    // The second reads what the first reads, in part.
    let shared = made[0][0].down.firstRows(3) + made[1][0].down.scaled(by: 0.5)
    let second = [MadeLayer(stem: made[1][0].stem, up: made[1][0].up, down: shared, alpha: 3), made[1][1]]
    let result = layers(6)
    let files = try [made[0], second, result].enumerated().map {
      try BlendAnalysisTests.made($1, in: folder, "file\($0)")
    }
    let found = try await MergeDiagnosis.measured(
      of: [Subject(adapter: files[0], name: "one"), Subject(adapter: files[1], name: "two")], in: files[2])
    #expect(found.overlaps.count == 1)
    let change = try #require(found.overlaps.first)
    #expect(change.a == "one" && change.b == "two")
    let (a, b, r) = (dense(made[0]), dense(second), dense(result))
    func left(_ delta: Matrix, _ result: Matrix, rank: Int) throws -> Matrix {
      let svd = try delta.svd()
      let (u, v) = (svd.u.firstColumns(rank), svd.vt.firstRows(rank))
      return u.times(u.transposedTimes(result).timesTransposed(v)).times(v)
    }
    for (shared, x, y) in [
      (change.before, a, b),
      (
        change.after, Dictionary(uniqueKeysWithValues: try a.map { ($0, try left($1, r[$0] ?? $1, rank: 4)) }),
        Dictionary(uniqueKeysWithValues: try b.map { ($0, try left($1, r[$0] ?? $1, rank: 3)) })
      ),
    ] {
      func sum(_ term: (Matrix, Matrix) -> Double, _ p: [String: Matrix], _ q: [String: Matrix]) -> Double {
        p.reduce(0) { $0 + term($1.value, q[$1.key] ?? $1.value) }
      }
      func ratio(_ term: (Matrix, Matrix) -> Double) -> Double {
        sum(term, x, y) / (sum(term, x, x) * sum(term, y, y)).squareRoot()
      }
      #expect(agree(shared.cosine, ratio { $0.dot($1) }, relative: 1e-5))
      #expect(agree(shared.omegaIn.value, ratio { $0.columnGram.dot($1.columnGram) }, relative: 1e-5))
      #expect(agree(shared.omegaOut.value, ratio { $0.rowGram.dot($1.rowGram) }, relative: 1e-5))
    }
    #expect((change.before.omegaIn.value ?? 0) > 0.2, "something is shared, or nothing was tested")
  }

  /// Of LoRAs that share nothing, the sum has left what they were.
  @Test func aSumOfStrangersLeavesThemStrangers() async throws {
    let folder = try TemporaryFolder()
    let (one, two) = (
      Matrix.identity(8).block(rows: 0..<8, columns: 0..<2), Matrix.identity(8).block(rows: 0..<8, columns: 2..<4)
    )
    func file(_ factors: [Matrix], _ name: String) throws -> Adapter {
      let all = Matrix.beside(factors)
      return try made([MadeLayer(stem: Layer.selfQ, up: all, down: all.transposed)], in: folder, name)
    }
    let subjects = [
      Subject(adapter: try file([one], "one"), name: "one"), Subject(adapter: try file([two], "two"), name: "two"),
    ]
    let found = try await MergeDiagnosis.measured(of: subjects, in: try file([one, two], "sum"))
    let change = try #require(found.overlaps.first)
    #expect(change.before == change.after && change.after.cosine == 0 && change.after.omegaIn.value == 0)
    let lost = try await MergeDiagnosis.measured(of: subjects, in: subjects[0].adapter)
    // Of the second nothing is left, so there is nothing to compare.
    #expect(lost.overlaps.first?.after.cosine == nil && lost.overlaps.first?.after.omegaIn.value == nil)
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
