import LinearAlgebra
import SafeTensors
import Testing

@testable import Merge

/// Methods that look at inputs: what they need, and what is wrong with a file of covariances.
@Suite struct CovarianceTests {
  private typealias F = CheckpointFixtures
  private let path = "unet.down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q"

  private func recipe(_ folder: String, _ tensors: [TestTensor]?) throws -> MergeRecipe {
    let (up, down) = (MergeFixtures.matrix(6, 2, seed: 1), MergeFixtures.matrix(2, 6, seed: 2))
    try F.write("\(folder)/a.safetensors", F.lora(F.queryStem, up: up, down: down))
    try F.write("\(folder)/b.safetensors", F.lora(F.queryStem, up: up.scaled(by: 2), down: down))
    if let tensors { try F.write("\(folder)/c.safetensors", tensors) }
    return MergeRecipe(
      sources: try MergeFixtures.sources([("\(folder)/a.safetensors", 1), ("\(folder)/b.safetensors", 1)]),
      method: .layered(RegMean(), rank: nil, convolutionRank: nil), dtype: .f32,
      covariances: try tensors.map { _ in try CovarianceFile(path: "\(folder)/c.safetensors") })
  }

  private func refusal(_ tensors: [TestTensor]?) async throws -> MergeError {
    try await MergeFixtures.scratch { folder in
      let recipe = try recipe(folder, tensors)
      let error = await #expect(throws: MergeError.self) {
        _ = try await MergeEngine.run(recipe, to: "\(folder)/out.safetensors")
      }
      return try #require(error)
    }
  }

  private func identity(_ source: Int, scale: Double = 1) -> TestTensor {
    TestTensor("\(source).\(path).covariance", [6, 6], values: Matrix.identity(6).scaled(by: scale).elements)
  }

  @Test func withoutAFileItIsRefused() async throws {
    let error = try await refusal(nil)
    #expect(error.rule == .parameter && error.detail.contains("--covariances"))
  }

  @Test func whatIsWrongWithAFile() async throws {
    let missing = try await refusal([identity(1)])
    #expect(missing.rule == .covariance)
    #expect(missing.detail.contains("needs 2.\(path).covariance or .inputs"))
    let shape = try await refusal([identity(1), TestTensor("2.\(path).covariance", [5, 6], seed: 1, dtype: .f32)])
    #expect(shape.detail.contains("is [5, 6], but the layer's inputs ask for [6, 6]"))
    let width = try await refusal([identity(1), TestTensor("2.\(path).inputs", [3, 5], seed: 1, dtype: .f32)])
    #expect(width.detail.contains("is [3, 5]"))
    let skew = try await refusal([identity(1), TestTensor("2.\(path).covariance", [6, 6], seed: 1, dtype: .f32)])
    #expect(skew.detail.contains("not symmetric"))
    var nan = identity(2)
    nan.values[0] = .nan
    #expect(try await refusal([identity(1), nan]).detail.contains("NaN or infinite"))
    let zero = try await refusal([identity(1, scale: 0), identity(2, scale: 0)])
    #expect(zero.rule == .method && zero.detail.contains("all zero"))
  }

  /// With equal covariances the mean; the greater one has the greater say; silent inputs weaken what they meet.
  @Test func limits() async throws {
    let delta = MergeFixtures.matrix(6, 2, seed: 1).times(MergeFixtures.matrix(2, 6, seed: 2))
    for (tensors, factor) in [
      ([identity(1), identity(2)], 1.5), ([identity(1, scale: 3), identity(2)], 1.25),
      ([identity(1), identity(2), identity(0, scale: 2)], 0.75),
    ] {
      try await MergeFixtures.scratch { folder in
        _ = try await MergeEngine.run(try recipe(folder, tensors), to: "\(folder)/out.safetensors")
        let found = try #require(try MergeFixtures.dense("\(folder)/out.safetensors").values.first)
        // The ridge is 1e-6 of the mean eigenvalue.
        #expect(MergeFixtures.relative(found, delta.scaled(by: factor)) < 2e-6)
      }
    }
  }
}
