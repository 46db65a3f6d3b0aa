import Adapters
import Diffusion
import Testing
import Torch

@testable import Trainer

/// What dropout leaves out: each sample its own numbers, whatever stands beside it.
@Suite struct NetworkDropoutTests {
  @Test func valuesAreZeroedAndScaledAsOftenAsAsked() throws {
    let hidden = try Tensor.ones([1, 100, 40])
    let dropout = NetworkDropout(values: 0.25)
    let found: [Float] = try dropout.applied(to: hidden, seeds: [3], layer: 5).array()
    let kept = found.filter { $0 != 0 }
    #expect(kept.allSatisfy { abs($0 - 4 / 3) < 1e-6 })
    // 4000 draws: five standard deviations are 0.034.
    #expect(abs(Double(kept.count) / 4000 - 0.75) < 0.034)
  }

  @Test func ranksAreLeftOutWhole() throws {
    let dropout = NetworkDropout(ranks: 0.5)
    var kept = 0
    for (shape, rank) in [([1, 50, 400], 2), ([1, 400, 5, 5], 1), ([1, 400], 1)] {
      let found = try dropout.applied(to: Tensor.ones(shape), seeds: [7], layer: 1)
      let others = shape.indices.filter { $0 != rank }
      let (low, high) = try (-(-found).maximum(others), found.maximum(others))
      let values: [Float] = try low.array()
      #expect(try values == high.array() && values.allSatisfy { $0 == 0 || $0 == 2 })
      kept += values.count { $0 == 2 }
    }
    // 1200 draws: five standard deviations are 0.073.
    #expect(abs(Double(kept) / 1200 - 0.5) < 0.073)
  }

  @Test func layersAreLeftOutWholeAndNotScaled() throws {
    let dropout = NetworkDropout(layers: 0.3)
    let hidden = try Tensor.ones([400, 3, 2])
    let found: [Float] = try dropout.applied(to: hidden, seeds: (0..<400).map { UInt64($0) }, layer: 0).array()
    let rows = stride(from: 0, to: found.count, by: 6).map { Array(found[$0..<$0 + 6]) }
    #expect(rows.allSatisfy { Set($0).count == 1 && [0, 1].contains($0[0]) })
    // 400 draws: four standard deviations are 0.092.
    #expect(abs(Double(rows.count { $0[0] == 1 }) / 400 - 0.7) < 0.092)
    // Another layer leaves out others.
    #expect(try found != dropout.applied(to: hidden, seeds: (0..<400).map { UInt64($0) }, layer: 1).array())
  }

  @Test func aRowDependsOnItsSeedAlone() throws {
    let dropout = NetworkDropout(values: 0.5, ranks: 0.3, layers: 0.1)
    let hidden = try Tensor.ones([3, 8, 4])
    let all = try dropout.applied(to: hidden, seeds: [1, 2, 3], layer: 4)
    let other = try dropout.applied(to: hidden, seeds: [9, 8, 2], layer: 4)
    #expect(try all.selected(0, 1).array(of: Float.self) == other.selected(0, 2).array())
    #expect(try all.selected(0, 0).array(of: Float.self) != other.selected(0, 0).array())
  }

  /// In whole networks: the same prediction and gradients in any batch, order and recomputation.
  @Test(arguments: ["sd1", "sdxl"]) func batchesAndRecomputationDrawTheSame(_ name: String) throws {
    let network = try NetworkFixture.network(name) {
      ($0.dropout, $0.rankDropout, $0.moduleDropout, $0.kind) = (0.2, 0.3, 0.2, .locon)
    }
    let samples = try (0..<3).map { try NetworkFixture.sample(UInt64($0 + 1), loras: [$0 % 2]) }
    func gradients(_ recomputation: Recomputation, _ batches: [[Int]]) throws -> [[Float]] {
      let objective = try NetworkFixture.objective(network, name, tokens: 150, recomputation: recomputation)
      return try NetworkFixture.gradients(network) {
        for batch in batches { _ = try objective.accumulate(samples.picked(batch), divisor: 3) }
      }
    }
    let one = try gradients(.nothing, [[0, 1, 2]])
    for (recomputation, batches) in [
      (Recomputation.everything, [[0, 1, 2]]), (.light, [[2, 0], [1]]), (.nothing, [[1], [2], [0]]),
    ] {
      let other = try gradients(recomputation, batches)
      let difference = NetworkFixture.difference(one, other)
      // Sums in another order; another mask would change gradients by parts of themselves.
      #expect(difference.greatest <= 1e-4 * difference.of && difference.of > 0)
    }
    var moved = samples
    moved[0].dropoutSeed = 77
    let objective = try NetworkFixture.objective(network, name, tokens: 150)
    let other = try NetworkFixture.gradients(network) { _ = try objective.accumulate(moved, divisor: 3) }
    let difference = NetworkFixture.difference(one, other)
    #expect(difference.greatest > 1e-2 * difference.of)
  }

  /// Nothing is left out where pictures are measured or drawn.
  @Test func measuringHasNoDropout() throws {
    let plain = try NetworkFixture.network()
    let dropping = try NetworkFixture.network { ($0.dropout, $0.moduleDropout) = (0.9, 0.5) }
    let sample = try NetworkFixture.sample(1, loras: [0])
    let found = try [plain, dropping].map { network in
      let objective = try NetworkFixture.objective(network)
      return try objective.prediction(BatchInput([sample], objective.schedule, on: .cpu), [sample.caption], [[0]])
    }
    #expect(try found[0].bytes() == found[1].bytes())
  }
}
