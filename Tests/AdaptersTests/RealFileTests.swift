import Foundation
import LinearAlgebra
import SafeTensors
import Testing

@testable import Adapters

/// A published file, with what it is known to hold.
struct RealFile: CustomTestStringConvertible {
  var path: String
  var dialect: Dialect
  var modules: Int
  var variants: [Variant: Int]
  var ranks: Set<Int>
  var textEncoder = 0
  var scales: Set<Double> = [1]

  var testDescription: String { path }

  static let all = [
    RealFile(
      path: "diffusers/sd-pokemon-lora", dialect: .diffusers, modules: 128, variants: [.lora: 128], ranks: [4]
    ),
    RealFile(
      path: "catundchat_weapons/pytorch_lora_weights", dialect: .diffusersProcessor, modules: 128,
      variants: [.lora: 128], ranks: [4]),
    RealFile(
      path: "peft_sd15/adapter_model", dialect: .peft, modules: 128, variants: [.lora: 128], ranks: [4]),
    RealFile(
      path: "lycoris/smart_falcon_4_lokr", dialect: .kohya, modules: 350, variants: [.lokr: 350], ranks: [4],
      textEncoder: 72),
    RealFile(
      path: "lycoris/smart_falcon_8_lokr", dialect: .kohya, modules: 350, variants: [.lokr: 350], ranks: [8],
      textEncoder: 72),
    RealFile(
      path: "lycoris/smart_falcon_16_lokr", dialect: .kohya, modules: 350, variants: [.lokr: 350],
      ranks: [16],
      textEncoder: 72),
  ]
}

@Suite("Real files", .enabled(if: Fixtures.isShared("loras"), Fixtures.sharedIsAbsent))
struct RealFileTests {
  @Test(arguments: RealFile.all)
  func understood(real: RealFile) throws {
    let adapter = try Adapter(path: Fixtures.sharedPath("loras/\(real.path).safetensors"))
    #expect(adapter.unmatched.isEmpty && adapter.modules.count == real.modules)
    #expect(adapter.dialects == [real.dialect] && adapter.architecture == .sd1)
    #expect(Dictionary(grouping: adapter.modules, by: \.variant).mapValues(\.count) == real.variants)
    #expect(Set(adapter.modules.map(\.rank)) == real.ranks)
    #expect(adapter.modules.count { $0.path.part == .textEncoder1 } == real.textEncoder)
    #expect(Set(adapter.modules.map(\.scale)) == real.scales)
    #expect(adapter.modules.reduce(0) { $0 + $1.tensors.count } == adapter.file.header.tensors.count)
    #expect(
      adapter.configurationProblem == nil
        && adapter.name == real.path.split(separator: "/").last.map(String.init))
  }

  @Test(arguments: RealFile.all)
  func factorsFitTheirShapes(real: RealFile) throws {
    let adapter = try Adapter(path: Fixtures.sharedPath("loras/\(real.path).safetensors"))
    // Some of every file: unoptimised, Kronecker products take their time.
    for (i, module) in adapter.modules.enumerated()
    where i % 15 == 0 && module.outputs * module.inputs <= 640 * 768 {
      let factors = try adapter.factors(of: module)
      #expect(factors.outputs == module.outputs && factors.inputs == module.inputs)
      #expect(factors.up.isFinite && factors.down.isFinite)
    }
  }

  @Test(arguments: [("analog_svd_rank4", 0), ("lora_disney", 2), ("lora_disney_inpainting", 2)])
  func cloneofsimo(name: String, tokens: Int) throws {
    let adapter = try Adapter(path: Fixtures.sharedPath("loras/cloneofsimo/\(name).safetensors"))
    #expect(adapter.modules.count == 192 && adapter.dialects == [.cloneofsimo] && adapter.unmatched.isEmpty)
    #expect(adapter.architecture == .sd1 && adapter.modules.allSatisfy { $0.variant == .lora && $0.scale == 1 })
    #expect(adapter.embeddings.map(\.token) == ["<s1>", "<s2>"].prefix(tokens).map { $0 })
    for embedding in adapter.embeddings {
      #expect(embedding.vectors.map(\.encoder) == [.clipL])
      #expect(embedding.vectors.map(\.width) == [768] && embedding.vectors.map(\.count) == [1])
    }
    #expect(try adapter.modules.first.map { try adapter.factors(of: $0).squaredNorm > 0 } == true)
    // The last numbers are the middle block's, whose widths no other order has.
    let last = try #require(adapter.modules.first { $0.stem == "unet:143" })
    #expect(last.path.name == "mid_block.attentions.0.transformer_blocks.0.attn2.to_out.0")
    let text = try #require(adapter.modules.first { $0.stem == "text_encoder:1" })
    #expect(text.path.name == "text_model.encoder.layers.0.self_attn.v_proj")
  }
}

/// One LoRA that diffusers' own converters wrote in three dialects.
@Suite(
  "One LoRA in three dialects",
  .enabled(if: Fixtures.isShared("fixtures/tiny-sdxl/lora_kohya_sgm.safetensors"), Fixtures.sharedIsAbsent))
struct ConvertedFileTests {
  private func adapter(_ name: String) throws -> Adapter {
    try Adapter(path: Fixtures.sharedPath("fixtures/tiny-sdxl/\(name).safetensors"))
  }

  @Test(arguments: [
    ("lora_kohya", Dialect.kohya, Alpha.Source.tensor), ("lora_kohya_sgm", .kohyaSGM, .tensor),
    ("lora_diffusers", .diffusers, .metadata),
  ])
  func sameLayersSameWeights(name: String, dialect: Dialect, source: Alpha.Source) throws {
    let (first, other) = (try adapter("lora_kohya"), try adapter(name))
    #expect(other.modules.count == 136 && other.unmatched.isEmpty && other.dialects == [dialect])
    #expect(other.modules.map(\.path) == first.modules.map(\.path))
    for (a, b) in zip(first.modules, other.modules) {
      #expect(b.alpha == Alpha(value: 2, source: source) && b.rank == 4 && b.scale == 0.5)
      let (x, y) = (try first.factors(of: a), try other.factors(of: b))
      #expect(x.up == y.up && x.down == y.down, "\(a.path)")
    }
  }
}
