import Adapters
import Foundation
import LinearAlgebra
import Merge
import SafeTensors
import Testing

/// Each rule that a merge can break, and that nothing is left behind.
@Suite struct MergeRefusalTests {
  private let stem = MergeFixtures.stem

  private func lora(_ path: String, up: Int = 8, down: Int = 8, seed: UInt64 = 1, metadata: [String: String] = [:])
    throws
  {
    try MergeFixtures.write(
      path, layers: [(stem, MergeFixtures.matrix(up, 2, seed: seed), MergeFixtures.matrix(2, down, seed: seed + 1), 1)],
      metadata: metadata)
  }

  /// Runs a merge that must fail, and checks that the folder is as it was.
  private func refusal(
    _ folder: String, _ files: [String], method: MergeMethod = .concat, dtype: DType? = nil,
    dialect: OutputDialect? = nil
  ) async throws -> MergeError {
    let before = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
    let recipe = MergeRecipe(
      sources: try MergeFixtures.sources(files.map { ("\(folder)/\($0).safetensors", 1) }), method: method,
      dtype: dtype,
      dialect: dialect)
    let error = await #expect(throws: MergeError.self) {
      try await MergeEngine.run(recipe, to: "\(folder)/out.safetensors")
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == before)
    return try #require(error)
  }

  @Test func differentArchitectures() async throws {
    try await MergeFixtures.scratch { folder in
      try lora("\(folder)/a.safetensors", metadata: ["ss_base_model_version": "sd_v1"])
      try lora("\(folder)/b.safetensors", metadata: ["ss_base_model_version": "sdxl_base_v1-0"])
      let error = try await refusal(folder, ["a", "b"])
      #expect(error.rule == .architecture)
      #expect(error.description.contains("b.safetensors") && error.description.contains("SDXL"))
    }
  }

  @Test func differentShapes() async throws {
    try await MergeFixtures.scratch { folder in
      try lora("\(folder)/a.safetensors")
      try lora("\(folder)/b.safetensors", up: 10)
      let error = try await refusal(folder, ["a", "b"])
      #expect(error.rule == .shape)
      #expect(error.detail.contains("[10, 8]") && error.detail.contains("[8, 8]"))
    }
  }

  @Test func unsupportedUnlessSkipped() async throws {
    try await MergeFixtures.scratch { folder in
      try lora("\(folder)/a.safetensors")
      try MergeFixtures.write(
        "\(folder)/b.safetensors",
        layers: [(stem, MergeFixtures.matrix(8, 2, seed: 5), MergeFixtures.matrix(2, 8, seed: 6), 1)],
        extra: [
          (TensorDeclaration(name: "\(stem).dora_scale", dtype: .f32, shape: [8, 1]), [UInt8](repeating: 0, count: 32))
        ])
      let error = try await refusal(folder, ["a", "b"])
      #expect(error.rule == .unsupported)
      #expect(error.detail.contains("DoRA") && error.detail.contains("--skip-unsupported"))
      let recipe = MergeRecipe(
        sources: try MergeFixtures.sources([("\(folder)/a.safetensors", 1), ("\(folder)/b.safetensors", 1)]),
        method: .concat,
        skipsUnsupported: true)
      let report = try await MergeEngine.run(recipe, to: "\(folder)/out.safetensors")
      #expect(report.skipped.count == 1)
      #expect(report.skipped[0].contains("DoRA"))
    }
  }

  @Test func nothingToMerge() async throws {
    try await MergeFixtures.scratch { folder in
      try MergeFixtures.write(
        "\(folder)/a.safetensors", layers: [],
        extra: [(TensorDeclaration(name: "\(stem).w_norm", dtype: .f32, shape: [2]), [UInt8](repeating: 0, count: 8))])
      let recipe = MergeRecipe(
        sources: try MergeFixtures.sources([("\(folder)/a.safetensors", 1)]), method: .concat, skipsUnsupported: true)
      let error = await #expect(throws: MergeError.self) {
        try await MergeEngine.run(recipe, to: "\(folder)/out.safetensors")
      }
      #expect(error?.rule == .empty)
    }
  }

  @Test func unnameableLayers() async throws {
    try await MergeFixtures.scratch { folder in
      let text = "lora_te_text_model_encoder_layers_0_mlp_fc1"
      try MergeFixtures.write(
        "\(folder)/a.safetensors",
        layers: [(text, MergeFixtures.matrix(8, 2, seed: 1), MergeFixtures.matrix(2, 8, seed: 2), 1)])
      let error = try await refusal(folder, ["a"], dialect: .peft)
      #expect(error.rule == .unnameable)
    }
  }

  @Test func overflowUnlessSaturated() async throws {
    try await MergeFixtures.scratch { folder in
      try MergeFixtures.write(
        "\(folder)/a.safetensors",
        layers: [(stem, MergeFixtures.matrix(8, 2, seed: 1).scaled(by: 1e6), MergeFixtures.matrix(2, 8, seed: 2), 2)])
      let error = try await refusal(folder, ["a"], dtype: .f16)
      #expect(error.rule == .overflow)
      #expect(error.path.contains("lora_up"))
      let recipe = MergeRecipe(
        sources: try MergeFixtures.sources([("\(folder)/a.safetensors", 1)]), method: .concat, dtype: .f16,
        overflow: .saturate)
      _ = try await MergeEngine.run(recipe, to: "\(folder)/out.safetensors")
      let file = try SafeTensorsFile(path: "\(folder)/out.safetensors")
      #expect(try file.header.tensors.allSatisfy { try file.nonFiniteCount(of: $0) == 0 })
    }
  }

  @Test(arguments: [Double.nan, .infinity]) func nonFiniteSources(value: Double) async throws {
    try await MergeFixtures.scratch { folder in
      var up = MergeFixtures.matrix(8, 2, seed: 1)
      up[3, 1] = value
      try MergeFixtures.write("\(folder)/a.safetensors", layers: [(stem, up, MergeFixtures.matrix(2, 8, seed: 2), 1)])
      for method in [MergeMethod.concat, .svd(rank: 1, convolutionRank: 1)] {
        let recipe = MergeRecipe(sources: try MergeFixtures.sources([("\(folder)/a.safetensors", 1)]), method: method)
        let error = await #expect(throws: AdapterError.self) {
          try await MergeEngine.run(recipe, to: "\(folder)/out.safetensors")
        }
        #expect(error?.rule == .nonFinite)
        #expect(error?.path.hasSuffix("a.safetensors") == true && error?.key?.hasSuffix("lora_up.weight") == true)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["a.safetensors"])
      }
    }
  }

  @Test func existingOutputIsKept() async throws {
    try await MergeFixtures.scratch { folder in
      try lora("\(folder)/a.safetensors")
      try "mine".write(toFile: "\(folder)/out.safetensors", atomically: true, encoding: .utf8)
      let recipe = MergeRecipe(sources: try MergeFixtures.sources([("\(folder)/a.safetensors", 1)]), method: .concat)
      let error = await #expect(throws: SafeTensorsError.self) {
        try await MergeEngine.run(recipe, to: "\(folder)/out.safetensors")
      }
      #expect(error?.rule == .exists)
      #expect(try String(contentsOfFile: "\(folder)/out.safetensors", encoding: .utf8) == "mine")
      _ = try await MergeEngine.run(recipe, to: "\(folder)/out.safetensors", existing: .replace)
      #expect(try SafeTensorsFile(path: "\(folder)/out.safetensors").header.tensors.count == 3)
    }
  }

  @Test func singularSumsAreMergedAllTheSame() async throws {
    // Twice the same file: the stacked factors have half the rank they could have.
    try await MergeFixtures.scratch { folder in
      try lora("\(folder)/a.safetensors")
      let recipe = MergeRecipe(
        sources: try MergeFixtures.sources([("\(folder)/a.safetensors", 1), ("\(folder)/a.safetensors", 0.5)]),
        method: .svd(rank: 2, convolutionRank: 2), verifies: true)
      let report = try await MergeEngine.run(recipe, to: "\(folder)/out.safetensors")
      // Rank 2 holds all of it; only F32 rounding remains.
      #expect(try #require(report.residual) < 5e-7)
      #expect(report.discardedEnergy < 1e-20)
    }
  }
}
