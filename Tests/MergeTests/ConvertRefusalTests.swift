import Adapters
import Foundation
import LinearAlgebra
import SafeTensors
import Testing

@testable import Merge

/// What a dialect cannot hold, and what is said of a conversion and of the base model.
@Suite struct ConvertRefusalTests {
  @Test func otherVariants() async throws {
    try await MergeFixtures.scratch { folder in
      let source = ConvertTests.fixtures.appending(path: "factors.safetensors").path
      let renamed = try await ConvertTests.convert(source, .comfy, to: "\(folder)/c.safetensors")
      #expect(renamed.residual! < 1e-14 && renamed.rounded == 0)
      do {
        _ = try await ConvertTests.convert(source, .diffusers, to: "\(folder)/d.safetensors")
        Issue.record("diffusers has no LoHa")
      } catch let error as MergeError {
        #expect(error.rule == .unsupported && error.detail.contains("--as-lora"))
      }
      #expect(!FileManager.default.fileExists(atPath: "\(folder)/d.safetensors"))
      let lora = try await ConvertTests.convert(
        source, .diffusers, to: "\(folder)/d.safetensors", asLoRA: true, skips: true)
      #expect(lora.factored > 0 && lora.residual! < 1e-6, "F32 factors of the exact product")
    }
  }

  /// PEFT multiplies the bias beside lora_B by alpha / rank, and others add theirs as it is.
  @Test(arguments: [4.0, 2]) func aBiasThatIsScaled(alpha: Double) async throws {
    try await MergeFixtures.scratch { folder in
      let source = "\(folder)/s.safetensors"
      let stem = "unet.mid_block.attentions.0.transformer_blocks.0.attn1.to_q"
      let tensors: [(name: String, shape: [Int])] = [
        ("\(stem).lora_A.weight", [2, 8]), ("\(stem).lora_B.weight", [8, 2]), ("\(stem).lora_B.bias", [8]),
      ]
      let settings = "{\"unet.lora_alpha\": \(Int(alpha)), \"unet.r\": 2, \"unet.lora_bias\": true}"
      var writer = try SafeTensorsWriter(
        path: source, declarations: tensors.map { .init(name: $0.name, dtype: .f32, shape: $0.shape) },
        metadata: ["format": "pt", "lora_adapter_metadata": settings])
      while let next = writer.expected {
        try writer.append(DType.f32.narrowed((0..<next.shape.reduce(1, *)).map { Float($0 + 1) / 8 }).bytes)
      }
      _ = try writer.finish()
      let output = "\(folder)/k.safetensors"
      guard alpha == 4 else {
        // alpha / rank is 1: it is the same bias everywhere.
        let report = try await ConvertTests.convert(source, .kohya, to: output)
        #expect(report.modules == 1 && report.skipped.isEmpty && report.residual == 0)
        let stored = try Adapter(path: output).modules[0]
        #expect(stored.scale == 1 && Set(stored.tensors.keys) == [.up, .down, .diffBias])
        return
      }
      do {
        _ = try await ConvertTests.convert(source, .kohya, to: output)
        Issue.record("the bias would count half")
      } catch let error as MergeError {
        #expect(error.rule == .unsupported && error.description.contains("bias is multiplied by alpha / rank"))
      }
      #expect(!FileManager.default.fileExists(atPath: output))
    }
  }

  /// Norms of layers that were read back add up in squares, as the norm of all layers together does.
  @Test func residualsOfLayersAddUp() {
    let total = LayerResidual.total([
      LayerResidual(module: "a", residual: 1, energy: 4), LayerResidual(module: "b", residual: 0, energy: 12),
    ])
    #expect(total.relative == 0.25)
    #expect(LayerResidual.total([]).relative == 0)
    #expect(LayerResidual.total([LayerResidual(module: "a", residual: 1, energy: 0)]).relative == 1)
  }

  /// diffusers names layers of several families alike: what is merged says whose they are.
  @Test func mergesNameTheBaseModel() async throws {
    try await MergeFixtures.scratch { folder in
      let (source, output) = (ConvertTests.conversion("hunyuan_comfy_diffusers"), "\(folder)/m.safetensors")
      let own = "\(folder)/a.safetensors"
      _ = try await ConvertTests.convert(ConvertTests.conversion("hunyuan_comfy_source"), .diffusers, to: own)
      #expect(try Adapter(path: source).architecture != .hunyuan)
      let recipe = MergeRecipe(sources: try MergeFixtures.sources([(own, 1), (own, 0.5)]), method: .concat)
      _ = try await MergeEngine.run(recipe, to: output)
      let merged = try Adapter(path: output)
      #expect(merged.file.header.metadata["troupe.architecture"] == "hunyuan" && merged.architecture == .hunyuan)
    }
  }

  @Test func aFormatThatCannotHoldAValue() async throws {
    try await MergeFixtures.scratch { folder in
      let source = "\(folder)/s.safetensors"
      var up = MergeFixtures.matrix(8, 2, seed: 1)
      up[0, 0] = 1e6
      try MergeFixtures.write(source, layers: [(MergeFixtures.stem, up, MergeFixtures.matrix(2, 8, seed: 2), nil)])
      await #expect(throws: MergeError.self) {
        try await ConvertTests.convert(source, .kohya, to: "\(folder)/x.safetensors", dtype: .f16)
      }
      #expect(!FileManager.default.fileExists(atPath: "\(folder)/x.safetensors"))
    }
  }
}
