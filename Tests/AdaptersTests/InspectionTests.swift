import Foundation
import LinearAlgebra
import SafeTensors
import Testing

@testable import Adapters

private typealias F = InspectionFixtures

@Suite("Inspection")
struct InspectionTests {
  @Test func strengths() async throws {
    // ‖ΔW‖² = Σ (2/1 · u v)² with u = (1, 2), v = (3, 0, 4): 4 · 5 · 25.
    let stem = F.attention + "to_q"
    let found = try await F.inspect([
      F.Tensor("\(stem).lora_up.weight", [2, 1], [1, 2]),
      F.Tensor("\(stem).lora_down.weight", [1, 3], [3, 0, 4]),
      F.Tensor("\(stem).alpha", [], [2]),
    ])
    let part = try #require(found.parts.first)
    #expect(abs((part.norm ?? 0) - 500.0.squareRoot()) < 1e-9)
    #expect(part.leadingShare == 1 && part.energyShare == 1 && found.modules == 1 && found.kind == .lora)
  }

  @Test func kroneckerSpectrumMatchesFactors() async throws {
    let stem = F.attention + "to_k"
    try await F.withFile([
      F.Tensor("\(stem).lokr_w1", [4, 6], seed: 1), F.Tensor("\(stem).lokr_w2_a", [8, 3], seed: 2),
      F.Tensor("\(stem).lokr_w2_b", [3, 128], seed: 3), F.Tensor("\(stem).alpha", [], [1.5]),
    ]) { path in
      let adapter = try Adapter(path: path)
      let measure = try LayerMeasure(adapter.modules[0], in: adapter)
      let exact = try adapter.factors(of: adapter.modules[0])
      #expect(abs((measure.energy ?? 0) / exact.squaredNorm - 1) < 1e-9)
      let values = try exact.singularValues()
      for (a, b) in zip(measure.spectrum?.values ?? [], values) where b > 1e-4 * values[0] {
        #expect(abs(a / b - 1) < 1e-6)
      }
    }
  }

  @Test(arguments: [
    ("model.diffusion_model.input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight", 768, Architecture.sd1),
    ("down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_k.weight", 1024, .sd2),
    ("unet.down_blocks.1.attentions.0.transformer_blocks.0.attn2.to_k.weight", 2048, .sdxl),
  ])
  func checkpoints(key: String, width: Int, expected: Architecture) async throws {
    let found = try await F.inspect([
      F.Tensor(key, [8, width], filled: 1),
      F.Tensor("first_stage_model.decoder.conv_in.weight", [4, 4], filled: 1),
      F.Tensor("v_pred", [], [1]),
    ])
    #expect(found.kind == .checkpoint && found.architecture == expected)
    #expect(found.checkpoint?.components.map(\.name) == ["UNet", "VAE"])
    #expect(found.checkpoint?.prediction == .velocity && found.parameters == 8 * width + 17)
    // Base models are too large to be hashed in passing.
    #expect(found.hashes.autov2 == nil && found.strength == nil)
  }

  @Test func other() async throws {
    let found = try await F.inspect(
      [F.Tensor("emb_params", [2, 768], filled: 1)], options: .init(hashes: .always))
    #expect(found.kind == .other && found.largest.map(\.name) == ["emb_params"] && found.warnings.isEmpty)
    #expect(found.hashes.autov3?.count == 12)
  }

  @Test func damagedFilesThrow() async throws {
    await #expect(throws: SafeTensorsError.self) { try await Inspection.make(path: "/nowhere.safetensors") }
    await #expect(throws: AdapterError.self) {
      try await F.inspect(
        [F.Tensor("\(F.attention)to_k.lora_up.weight", [8, 3], filled: 1)] + F.layer().dropLast(2))
    }
  }

  @Test func encoding() async throws {
    let found = try await F.inspect(F.lora(), options: .headerOnly)
    let encoder = JSONEncoder()
    encoder.keyEncodingStrategy = .convertToSnakeCase
    let object = try #require(try JSONSerialization.jsonObject(with: encoder.encode(found)) as? [String: Any])
    let promised: Set = [
      "path", "kind", "architecture", "variant", "dialect", "modules", "unmatched_keys", "rank", "alpha",
      "dtype",
      "hashes", "recipe", "warnings",
    ]
    #expect(Set(object.keys).isSuperset(of: promised))
    #expect(object["layers"] == nil && object["strength"] is NSNull)
    let hashes = try #require(object["hashes"] as? [String: Any])
    #expect(hashes["autov2"] is NSNull && hashes["autov3"] is NSNull && hashes["stored_ok"] is NSNull)
    let rank = try #require(object["rank"] as? [String: Any])
    #expect(Set(rank.keys) == ["min", "median", "max"])
    let alpha = try #require(object["alpha"] as? [String: Any])
    #expect(Set(alpha.keys).isSuperset(of: ["min", "median", "max", "source"]))
    let decoded = try JSONDecoder().decode(Inspection.self, from: JSONEncoder().encode(found))
    #expect(
      decoded.recipe == found.recipe && decoded.warnings == found.warnings && decoded.parts == found.parts)
  }
}

@Suite(
  "Inspection of real files",
  .enabled(
    if: InspectionFixtures.hasRealFiles, "The folder of real files is not here; TROUPE_SHARED can name it."))
struct InspectionRealFileTests {
  private func inspect(_ name: String) async throws -> Inspection {
    try await Inspection.make(path: TrainingFixtures.shared.appending(path: name).path)
  }

  @Test func smartFalcon() async throws {
    let found = try await inspect("loras/lycoris/smart_falcon_16_lokr.safetensors")
    #expect(found.variant == .lokr && found.architecture == .sd1 && found.modules == 350)
    #expect(found.rank.min == 16 && found.rank.max == 16 && found.hashes.storedOk == true)
    #expect(found.recipe.optimisation.optimizer == "Lion")
    #expect(found.recipe.data.datasets.first { $0.name == "16_smf girl" }?.exposure == 688)
    // Computed once from the Kronecker factors with numpy.
    #expect(abs((found.strength?.norm ?? 0) - 556.345131) < 1e-5)
    #expect(found.warnings.map(\.id) == ["zero-modules"])
    #expect(found.warnings[0].text.contains("3 layers of 350"))
  }

  @Test func peft() async throws {
    let found = try await inspect("loras/peft_sd15/adapter_model.safetensors")
    #expect(found.dialect == .peft && found.alpha.source == "assumed" && found.modules == 128)
    #expect(Set(found.warnings.map(\.id)) == ["zero-modules", "alpha-assumed", "no-stored-hash"])
  }

  @Test func numberedLayers() async throws {
    let found = try await inspect("loras/cloneofsimo/analog_svd_rank4.safetensors")
    #expect(found.kind == .lora && found.dialect == .cloneofsimo && found.modules == 192)
    #expect(found.unmatchedKeys.isEmpty && found.rank.max == 4 && found.architecture == .sd1)
    #expect((found.strength?.norm ?? 0) > 0)
  }

  @Test func tinyModel() async throws {
    let unet = try await inspect("fixtures/tiny-sdxl/tiny-sdxl/unet/diffusion_pytorch_model.safetensors")
    #expect(unet.kind == .checkpoint && unet.architecture == .sdxl)
    let lora = try await inspect("fixtures/tiny-sdxl/lora_kohya_sgm.safetensors")
    #expect(
      lora.kind == .lora && lora.dialect == .kohyaSGM && lora.architecture == .sdxl
        && lora.alpha.maxScale == 0.5)
  }
}
