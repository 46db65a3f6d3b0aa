import SafeTensors
import Testing

@testable import Adapters

@Suite("Spellings of one layer")
struct DialectTests {
  private static let layer = "down_blocks.1.attentions.0.transformer_blocks.0.attn1"

  @Test(arguments: [
    ("lora_unet_down_blocks_1_attentions_0_transformer_blocks_0_attn1_to_q.lora_up.weight", Dialect.kohya),
    ("lora_unet_input_blocks_4_1_transformer_blocks_0_attn1_to_q.lora_up.weight", .kohyaSGM),
    ("unet.\(layer).processor.to_q_lora.up.weight", .diffusersProcessor),
    ("\(layer).processor.to_q_lora.up.weight", .diffusersProcessor),
    ("unet.\(layer).to_q.lora.up.weight", .diffusers),
    ("unet.\(layer).to_q.lora_linear_layer.up.weight", .diffusers),
    ("unet.\(layer).to_q.lora_B.weight", .diffusers),
    ("unet.\(layer).to_q.lora_B.default.weight", .diffusers), ("\(layer).to_q.lora_B.weight", .diffusers),
    ("base_model.model.\(layer).to_q.lora_B.weight", .peft),
    ("base_model.model.\(layer).to_q.lora_B.style_two.weight", .peft),
    ("unet.base_model.model.\(layer).to_q.lora_B.weight", .peft),
    ("base_model.model.unet.\(layer).to_q.lora_B.weight", .peft),
  ])
  func unet(key: String, dialect: Dialect) throws {
    let (stem, role) = try #require(TensorRole.split(key))
    #expect(role == .up)
    let resolved = try #require(StemResolution.resolve(stem))
    #expect(resolved.path == ModulePath(part: .unet, name: "\(Self.layer).to_q"))
    #expect(resolved.dialect == dialect)
  }

  /// The output projection is a list in diffusers, and loses its number in some spellings.
  @Test(arguments: [
    "lora_unet_down_blocks_1_attentions_0_transformer_blocks_0_attn1_to_out_0.alpha",
    "lora_unet_input_blocks_4_1_transformer_blocks_0_attn1_to_out_0.alpha",
    "\(layer).processor.to_out_lora.down.weight",
    "unet.\(layer).to_out.0.lora.down.weight", "base_model.model.\(layer).to_out.0.lora_A.weight",
  ])
  func outputProjection(key: String) throws {
    let (stem, _) = try #require(TensorRole.split(key))
    #expect(StemResolution.resolve(stem)?.path == ModulePath(part: .unet, name: "\(Self.layer).to_out.0"))
  }

  @Test(arguments: [
    ("lora_te_text_model_encoder_layers_3_self_attn_q_proj", ModelPart.textEncoder1),
    ("lora_te1_text_model_encoder_layers_3_self_attn_q_proj", .textEncoder1),
    ("lora_te2_text_model_encoder_layers_3_self_attn_q_proj", .textEncoder2),
    ("text_encoder.text_model.encoder.layers.3.self_attn.q_proj", .textEncoder1),
    ("text_encoder_2.text_model.encoder.layers.3.self_attn.q_proj", .textEncoder2),
    ("text_encoder.text_model.encoder.layers.3.self_attn.to_q_lora", .textEncoder1),
    ("text_encoder.base_model.model.text_model.encoder.layers.3.self_attn.q_proj", .textEncoder1),
    ("base_model.model.text_model.encoder.layers.3.self_attn.q_proj", .textEncoder1),
  ])
  func textEncoders(stem: String, part: ModelPart) throws {
    let path = try #require(StemResolution.resolve(stem)?.path)
    #expect(path == ModulePath(part: part, name: "text_model.encoder.layers.3.self_attn.q_proj"))
  }

  @Test(arguments: [
    "lora_unet_nonsense", "lora_unet_down_blocks_9_attentions_0_proj_in",
    "lora_te3_text_model_encoder_layers_0_mlp_fc1",
    "lora_te_text_model_encoder_layers_99_mlp_fc1", "unet.text_model.encoder.layers.0.mlp.fc1",
    "transformer.proj_out",
    "text_encoder.\(layer).to_q", "lora_unet_double_blocks_0_img_attn_proj", "", "lora_", "lora_unet_",
    "unet.",
    "lora_unet_down_blocks_1_attentions_0_transformer_blocks_0_attn1_to_q_", "base_model.model.",
  ])
  func unknownStems(stem: String) {
    #expect(StemResolution.resolve(stem) == nil)
  }

  // MARK: - Every entry of the tables

  private static let unetPaths = UNetModules.all.map { ModulePath(part: .unet, name: $0.diffusers) }
  private static let textPaths = [ModelPart.textEncoder1, .textEncoder2].flatMap { part in
    TextEncoderModules.all.map { ModulePath(part: part, name: $0) }
  }

  @Test func kohyaRoundTrip() throws {
    for path in Self.unetPaths {
      for (sgm, dialect) in [(true, Dialect.kohyaSGM), (false, .kohya)] {
        let stem = try #require(KohyaNames.stem(of: path, original: sgm, architecture: .sdxl))
        #expect(KohyaNames.resolve(stem)?.path == path, "\(stem)")
        // Layers that both namings call alike (none so far) would be told as kohya's.
        #expect(KohyaNames.resolve(stem)?.dialect == dialect, "\(stem)")
      }
    }
    for path in Self.textPaths {
      for two in [true, false] where path.part == .textEncoder1 || two {
        let stem = try #require(KohyaNames.stem(of: path, original: false, architecture: two ? .sdxl : .sd1))
        #expect(KohyaNames.resolve(stem)?.path == path, "\(stem)")
        #expect(stem.hasPrefix("lora_te_") == !two)
      }
    }
    #expect(
      KohyaNames.stem(of: ModulePath(part: .unet, name: "nowhere"), original: false, architecture: .sdxl) == nil)
  }

  @Test func dottedRoundTrip() {
    for path in Self.unetPaths + Self.textPaths {
      let stem = DottedNames.stem(of: path, peft: false, architecture: .sdxl)
      #expect(DottedNames.resolve(stem) == ResolvedStem(path: path, dialect: .diffusers), "\(stem)")
    }
    // A raw PEFT adapter is of one network; a text encoder's is taken for the first.
    for path in Self.unetPaths + Self.textPaths where path.part != .textEncoder2 {
      let stem = DottedNames.stem(of: path, peft: true, architecture: .sdxl)
      #expect(DottedNames.resolve(stem) == ResolvedStem(path: path, dialect: .peft), "\(stem)")
    }
  }

  @Test(arguments: OutputDialect.allCases, [Architecture.sd1, .sd2, .sdxl])
  func writtenKeysAreReadBack(dialect: OutputDialect, architecture: Architecture) throws {
    for path in Self.unetPaths + Self.textPaths
    where path.part != .textEncoder2 || architecture.hasSeveralTextEncoders {
      guard let keys = dialect.keys(for: path, architecture: architecture) else {
        #expect(dialect == .peft && path.part != .unet)
        continue
      }
      for (key, role) in [(keys.up, TensorRole.up), (keys.down, .down)]
        + (keys.alpha.map { [($0, .alpha)] } ?? [])
      {
        let (stem, found) = try #require(TensorRole.split(key))
        #expect(found == role && StemResolution.resolve(stem)?.path == path, "\(key)")
      }
      #expect((keys.alpha != nil) == dialect.storesAlpha)
    }
  }

  @Test func tablesAreConsistent() {
    #expect(Set(UNetModules.all.map(\.diffusers)).count == UNetModules.all.count)
    #expect(Set(UNetModules.all.map(\.sgm)).count == UNetModules.all.count)
    #expect(UNetModules.all.allSatisfy { UNetModules.contains($0.diffusers) })
    #expect(TextEncoderModules.all.count == 32 * 8 + 2)
    // SD 1.x's own place for the first upsampler, read besides the table's.
    let early = KohyaNames.resolve("lora_unet_output_blocks_2_1_conv")?.path
    let late = KohyaNames.resolve("lora_unet_output_blocks_2_2_conv")?.path
    #expect(early == late && early?.name == "up_blocks.0.upsamplers.0.conv")
  }
}
