import Adapters
import Foundation
import LinearAlgebra
import Merge
import SafeTensors
import Testing

/// Each rule that a bake can break, and that nothing is left behind.
@Suite struct BakeRefusalTests {
  private typealias F = CheckpointFixtures

  private func simple(_ path: String, stem: String = F.queryStem, outputs: Int = 6, inputs: Int = 6, scale: Double = 1)
    throws
  {
    try F.write(
      path,
      F.lora(
        stem, up: MergeFixtures.matrix(outputs, 2, seed: 1).scaled(by: scale),
        down: MergeFixtures.matrix(2, inputs, seed: 2)))
  }

  /// Runs a bake that must fail, and checks that the folder is as it was.
  private func refusal(_ folder: String, dtype: DType? = nil) async throws -> MergeError {
    let before = try FileManager.default.subpathsOfDirectory(atPath: folder).sorted()
    let error = await #expect(throws: MergeError.self) {
      try await F.bake(
        "\(folder)/base.safetensors", [("\(folder)/a.safetensors", 1)], to: "\(folder)/out.safetensors", dtype: dtype)
    }
    #expect(try FileManager.default.subpathsOfDirectory(atPath: folder).sorted() == before)
    return try #require(error)
  }

  @Test func missingLayersUnlessSkipped() async throws {
    try await MergeFixtures.scratch { folder in
      try F.write("\(folder)/base.safetensors", F.sd1())
      let other = "lora_unet_mid_block_attentions_0_proj_in"
      let up = MergeFixtures.matrix(6, 2, seed: 1)
      try F.write(
        "\(folder)/a.safetensors",
        F.lora(other, up: up, down: MergeFixtures.matrix(2, 6, seed: 2))
          + F.lora(F.queryStem, up: up, down: MergeFixtures.matrix(2, 6, seed: 3)))
      let error = try await refusal(folder)
      #expect(error.rule == .missing)
      #expect(error.description.contains(other) && error.description.contains("--skip-missing"))
      let report = try await F.bake(
        "\(folder)/base.safetensors", [("\(folder)/a.safetensors", 1)], to: "\(folder)/out.safetensors",
        skipsMissing: true)
      #expect(report.changedTensors == 1 && report.skipped.count == 1 && report.skipped[0].contains(other))
    }
  }

  @Test func onlyMissingLayersIsEmpty() async throws {
    try await MergeFixtures.scratch { folder in
      try F.write("\(folder)/base.safetensors", F.sd1())
      try simple("\(folder)/a.safetensors", stem: "lora_unet_mid_block_attentions_0_proj_in")
      let error = await #expect(throws: MergeError.self) {
        try await F.bake(
          "\(folder)/base.safetensors", [("\(folder)/a.safetensors", 1)], to: "\(folder)/out.safetensors",
          skipsMissing: true)
      }
      #expect(error?.rule == .empty)
    }
  }

  @Test func differentShapes() async throws {
    try await MergeFixtures.scratch { folder in
      try F.write("\(folder)/base.safetensors", F.sd1())
      try simple("\(folder)/a.safetensors", inputs: 8)
      let error = try await refusal(folder)
      #expect(error.rule == .shape && error.detail.contains("[6, 8]") && error.detail.contains(F.query))
    }
  }

  @Test func anInProjectionWithoutThreePartsIsAnError() async throws {
    try await MergeFixtures.scratch { folder in
      let fused = "conditioner.embedders.1.model.transformer.resblocks.0.attn.in_proj_weight"
      try F.write("\(folder)/base.safetensors", [TestTensor(fused, [7, 4], seed: 1)])
      try simple("\(folder)/a.safetensors", stem: "lora_te2_text_model_encoder_layers_0_self_attn_q_proj", inputs: 4)
      #expect(try await refusal(folder).rule == .shape)
    }
  }

  @Test func differentArchitectures() async throws {
    try await MergeFixtures.scratch { folder in
      try F.write("\(folder)/base.safetensors", F.sd1())
      try F.write(
        "\(folder)/a.safetensors",
        F.lora(F.queryStem, up: MergeFixtures.matrix(6, 2, seed: 1), down: MergeFixtures.matrix(2, 6, seed: 2)),
        metadata: ["ss_base_model_version": "sdxl_base_v1-0"])
      let error = try await refusal(folder)
      #expect(error.rule == .architecture && error.detail.contains("SDXL"))
    }
  }

  @Test func embeddingsCannotBeBaked() async throws {
    try await MergeFixtures.scratch { folder in
      try F.write("\(folder)/base.safetensors", F.sd1())
      try F.write(
        "\(folder)/a.safetensors",
        F.lora(F.queryStem, up: MergeFixtures.matrix(6, 2, seed: 1), down: MergeFixtures.matrix(2, 6, seed: 2)) + [
          TestTensor("bundle_emb.konrad.clip_l", [2, 768], seed: 1)
        ])
      let error = try await refusal(folder)
      #expect(error.rule == .unsupported && error.detail.contains("konrad (the vectors of a trigger word"))
    }
  }

  /// A change that depends on the weight and is for a layer of another shape.
  @Test(arguments: [
    ([TestTensor("oft_blocks", [3, 3, 3], seed: 1)], "3 blocks of 3 rotate 9 outputs"),
    ([TestTensor("oft_R.weight", [2, 6], seed: 1)], "2 blocks of 4 rotate 8 inputs"),
    ([TestTensor("oft_blocks", [2, 4, 2, 2], seed: 1)], "2 stages of 4 blocks of 2 cannot rotate its outputs"),
    (
      [TestTensor("oft_blocks", [3, 2, 2], seed: 1), TestTensor("rescale", [5, 1], seed: 2)], "5 factors scale outputs"
    ),
    (
      [TestTensor("weight", [5], seed: 1), TestTensor("on_input", [], values: [1])], "5 numbers scale input channels"
    ),
    (
      [
        TestTensor("a1.weight", [5, 2], seed: 1), TestTensor("a2.weight", [2, 5], seed: 2),
        TestTensor("b1.weight", [6, 2], seed: 3), TestTensor("b2.weight", [2, 5], seed: 4),
      ], "is [6, 5]"
    ),
    ([TestTensor("set_weight", [5, 6], seed: 1)], "the weight is [5, 6]"),
    (
      [TestTensor("set_weight", [6, 6], seed: 1), TestTensor("reshape_weight", [2], values: [6, 6])], "another shape"
    ),
  ])
  func changesOfAnotherShape(tensors: [TestTensor], words: String) async throws {
    try await MergeFixtures.scratch { folder in
      try F.write("\(folder)/base.safetensors", F.sd1())
      try F.write(
        "\(folder)/a.safetensors",
        tensors.map {
          var tensor = $0
          tensor.name = "\(F.queryStem).\($0.name)"
          return tensor
        })
      let error = try #require(
        await #expect(throws: AdapterError.self) {
          try await F.bake(
            "\(folder)/base.safetensors", [("\(folder)/a.safetensors", 1)], to: "\(folder)/out.safetensors")
        })
      #expect(error.rule == .shape || error.rule == .needsBase)
      #expect(error.description.contains(words) && error.description.contains(F.queryStem), "\(error)")
      #expect(
        try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == ["a.safetensors", "base.safetensors"])
    }
  }

  @Test func scaledFP8() async throws {
    try await MergeFixtures.scratch { folder in
      try F.write(
        "\(folder)/base.safetensors",
        F.sd1(dtype: .f8E4M3) + [TestTensor("\(F.block).attn1.to_q.scale_weight", [1], values: [2])])
      try simple("\(folder)/a.safetensors")
      let error = try await refusal(folder)
      #expect(error.rule == .unsupported && error.detail.contains("scaled FP8"))
    }
  }

  @Test func overflowUnlessSaturated() async throws {
    try await MergeFixtures.scratch { folder in
      try F.write("\(folder)/base.safetensors", F.sd1())
      try simple("\(folder)/a.safetensors", scale: 1e7)
      let error = try await refusal(folder)
      #expect(error.rule == .overflow && error.description.contains(F.query))
      try await F.bake(
        "\(folder)/base.safetensors", [("\(folder)/a.safetensors", 1)], to: "\(folder)/out.safetensors",
        overflow: .saturate)
      let values = try F.values("\(folder)/out.safetensors")[F.query] ?? []
      #expect(values.map(abs).max() == 65504)
    }
  }

  @Test func aDoRAOfNoAxis() async throws {
    try await MergeFixtures.scratch { folder in
      try F.write("\(folder)/base.safetensors", F.sd1())
      try F.write(
        "\(folder)/a.safetensors",
        F.lora(F.queryStem, up: MergeFixtures.matrix(6, 2, seed: 1), down: MergeFixtures.matrix(2, 6, seed: 2)) + [
          TestTensor("\(F.queryStem).dora_scale", [5, 1], seed: 3)
        ])
      let error = await #expect(throws: AdapterError.self) {
        try await F.bake(
          "\(folder)/base.safetensors", [("\(folder)/a.safetensors", 1)], to: "\(folder)/out.safetensors")
      }
      #expect(error?.rule == .shape)
      #expect(
        try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == ["a.safetensors", "base.safetensors"])
    }
  }

  @Test func damagedNumbersAreNamed() async throws {
    try await MergeFixtures.scratch { folder in
      var tensors = F.sd1(dtype: .f32)
      tensors[0].values[3] = .nan
      try F.write("\(folder)/base.safetensors", tensors)
      try simple("\(folder)/a.safetensors")
      let error = await #expect(throws: SafeTensorsError.self) {
        try await F.bake(
          "\(folder)/base.safetensors", [("\(folder)/a.safetensors", 1)], to: "\(folder)/out.safetensors")
      }
      #expect(error?.rule == .nonFinite && error?.tensor == F.query)
    }
  }

  @Test func aLoRAIsNoBase() async throws {
    try await MergeFixtures.scratch { folder in
      try simple("\(folder)/a.safetensors")
      let error = #expect(throws: AdapterError.self) { try Checkpoint(path: "\(folder)/a.safetensors") }
      #expect(error?.rule == .notCheckpoint)
      let none = #expect(throws: AdapterError.self) { try Checkpoint(path: folder) }
      #expect(none?.rule == .notCheckpoint)
    }
  }
}
