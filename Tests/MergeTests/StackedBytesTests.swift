import Adapters
import LinearAlgebra
import SafeTensors
import Testing

@testable import Merge

/// The short cut of concat against the way through numbers.
@Suite struct StackedBytesTests {
  private func recipe(_ folder: String, _ second: DType, value: Double? = nil) throws -> MergeRecipe {
    let (a, b) = ("\(folder)/a.safetensors", "\(folder)/b.safetensors")
    var down = MergeFixtures.matrix(8, 24, seed: 4)
    if let value { down[3, 3] = value }
    for (path, rank, dtype, down) in [(a, 4, DType.f16, MergeFixtures.matrix(4, 24, seed: 3)), (b, 8, second, down)] {
      try MergeFixtures.write(
        path, layers: [(MergeFixtures.stem, MergeFixtures.matrix(20, rank, seed: 5), down, 2)], dtype: dtype)
    }
    return MergeRecipe(sources: try MergeFixtures.sources([(a, 1), (b, 0.9)]), method: .concat, dtype: .f16)
  }

  @Test func sameBytesAsThroughNumbers() async throws {
    try await MergeFixtures.scratch { folder in
      let recipe = try recipe(folder, .f16)
      let layer = try #require(try MergePlan(recipe).layers.first)
      let weight = { Concat.weight($0, recipe) * Double(layer.rank) / layer.alpha }
      let bytes = try #require(try StackedBytes.of(layer, recipe, dtype: .f16, weight: weight))
      var up = [Float](repeating: 0, count: layer.outputs * layer.rank)
      var down = [Float](repeating: 0, count: layer.rank * layer.inputs)
      try Stacking.fill(layer, recipe, rank: layer.rank, up: &up, down: &down, weight: weight)
      #expect(bytes.up == DType.f16.narrowed(up).bytes && bytes.down == DType.f16.narrowed(down).bytes)
    }
  }

  /// What has to be converted, and what is not finite, goes the general way, which knows how to say so.
  @Test(arguments: [(DType.bf16, nil), (.f16, Double.infinity), (.f16, .nan)])
  func leavesTheRestToTheGeneralWay(second: DType, value: Double?) async throws {
    try await MergeFixtures.scratch { folder in
      let recipe = try recipe(folder, second, value: value)
      let layer = try #require(try MergePlan(recipe).layers.first)
      #expect(try StackedBytes.of(layer, recipe, dtype: .f16) { _ in 1 } == nil)
    }
  }
}
