import Adapters
import Foundation
import LinearAlgebra
import Merge
import SafeTensors
import Testing

/// Folders as diffusers keeps them.
@Suite struct BakeFolderTests {
  private typealias F = CheckpointFixtures
  private let query = "down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q.weight"
  private let text = "text_model.encoder.layers.0.self_attn.q_proj.weight"

  private func model(_ base: String) throws {
    for name in ["unet", "text_encoder", "text_encoder_2", "vae"] {
      try FileManager.default.createDirectory(atPath: "\(base)/\(name)", withIntermediateDirectories: true)
    }
    try "{}".write(toFile: "\(base)/model_index.json", atomically: true, encoding: .utf8)
    try "{\"a\": 1}".write(toFile: "\(base)/unet/config.json", atomically: true, encoding: .utf8)
    try "old".write(toFile: "\(base)/unet/diffusion_pytorch_model.bin", atomically: true, encoding: .utf8)
    try "kept".write(toFile: "\(base)/vae/model.bin", atomically: true, encoding: .utf8)
    try F.write(
      "\(base)/unet/diffusion_pytorch_model.safetensors",
      [
        TestTensor(query, [6, 6], seed: 1),
        TestTensor("down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_k.weight", [6, 2048], seed: 2),
      ], metadata: ["format": "pt"])
    try F.write("\(base)/text_encoder/model.safetensors", [TestTensor(text, [4, 4], seed: 3)])
    try F.write("\(base)/text_encoder_2/model.safetensors", [TestTensor(text, [5, 5], seed: 4)])
  }

  @Test func eachNetworkInItsFile() async throws {
    try await MergeFixtures.scratch { folder in
      let (base, out) = ("\(folder)/base", "\(folder)/out")
      try model(base)
      let q = (MergeFixtures.matrix(6, 2, seed: 5), MergeFixtures.matrix(2, 6, seed: 6))
      let t = (MergeFixtures.matrix(5, 2, seed: 7), MergeFixtures.matrix(2, 5, seed: 8))
      try F.write(
        "\(folder)/a.safetensors",
        F.lora("lora_unet_input_blocks_1_1_transformer_blocks_0_attn1_to_q", up: q.0, down: q.1)
          + F.lora("lora_te2_text_model_encoder_layers_0_self_attn_q_proj", up: t.0, down: t.1))
      let report = try await F.bake(base, [("\(folder)/a.safetensors", 0.5)], to: out)
      for (name, file, pair) in [
        (query, "unet/diffusion_pytorch_model.safetensors", q), (text, "text_encoder_2/model.safetensors", t),
      ] {
        let before = try #require(F.values("\(base)/\(file)")[name])
        let expected = zip(before, pair.0.times(pair.1).elements).map { $0 + 0.5 * $1 }
        #expect(F.difference(try F.values("\(out)/\(file)")[name], expected) < 0x1p-10)
      }
      for same in ["model_index.json", "unet/config.json", "text_encoder/model.safetensors", "vae/model.bin"] {
        #expect(FileManager.default.contentsEqual(atPath: "\(base)/\(same)", andPath: "\(out)/\(same)"), "\(same)")
      }
      #expect(report.filesLeftOut == ["unet/diffusion_pytorch_model.bin"])
      #expect(!FileManager.default.fileExists(atPath: "\(out)/unet/diffusion_pytorch_model.bin"))
      #expect(
        try SafeTensorsFile(path: "\(out)/unet/diffusion_pytorch_model.safetensors").header.metadata["format"] == "pt")
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == ["a.safetensors", "base", "out"])
      // A folder is never replaced.
      let error = await #expect(throws: SafeTensorsError.self) {
        try await BakeEngine.run(
          BakeRecipe(
            base: try Checkpoint(path: base), sources: try MergeFixtures.sources([("\(folder)/a.safetensors", 1)])),
          to: out, existing: .replace)
      }
      #expect(error?.rule == .exists)
    }
  }

  @Test func aFailureLeavesNoFolder() async throws {
    try await MergeFixtures.scratch { folder in
      let base = "\(folder)/base"
      try model(base)
      try F.write(
        "\(folder)/a.safetensors",
        F.lora(
          "lora_te2_text_model_encoder_layers_0_self_attn_q_proj",
          up: MergeFixtures.matrix(5, 2, seed: 7).scaled(by: 1e7), down: MergeFixtures.matrix(2, 5, seed: 8))
          + F.lora(
            "lora_unet_input_blocks_1_1_transformer_blocks_0_attn1_to_q", up: MergeFixtures.matrix(6, 2, seed: 5),
            down: MergeFixtures.matrix(2, 6, seed: 6).scaled(by: 1e7)))
      let error = await #expect(throws: MergeError.self) {
        try await F.bake(base, [("\(folder)/a.safetensors", 1)], to: "\(folder)/out")
      }
      #expect(error?.rule == .overflow)
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == ["a.safetensors", "base"])
    }
  }
}
