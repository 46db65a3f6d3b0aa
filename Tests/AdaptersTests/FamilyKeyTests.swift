import Foundation
import SafeTensors
import Testing

@testable import Adapters

/// A list of keys and shapes in `Tests/Fixtures/keys`.
private struct CompactKeyList {
  var tensors: [(name: String, dtype: DType, shape: [Int])] = []

  init(_ name: String) throws {
    let text = try String(contentsOfFile: Fixtures.path("keys/\(name).txt"), encoding: .utf8)
    for line in text.split(separator: "\n") {
      let fields = line.split(separator: " ")
      let shape = fields[1] == "-" ? [] : fields[1].split(separator: "x").compactMap { Int($0) }
      guard fields.count > 2 else {
        tensors.append((String(fields[0]), .f16, shape))
        continue
      }
      for run in fields[2].split(separator: ",") {
        let ends = run.split(separator: "-").compactMap { Int($0) }
        for number in ends[0]...ends[1] {
          tensors.append((String(fields[0].replacing("#", with: "\(number)")), .f16, shape))
        }
      }
    }
  }
}

@Suite("Transformers' layers")
struct FamilyKeyTests {
  struct Expected: CustomTestStringConvertible {
    var list: String
    var architecture: Architecture
    var dialect: Dialect
    var layers: Int
    /// Keys that no layer takes: scales of norms in control LoRAs.
    var unmatched = 0
    var testDescription: String { list }
  }

  static let all = [
    Expected(list: "flux1_kohya", architecture: .flux1, dialect: .kohyaOriginal, layers: 304),
    Expected(list: "flux1_kohya_te1", architecture: .flux1, dialect: .kohyaOriginal, layers: 376),
    Expected(list: "flux1_diffusers", architecture: .flux1, dialect: .diffusersPEFT, layers: 494),
    Expected(list: "flux1_diffusers_partial", architecture: .flux1, dialect: .diffusersPEFT, layers: 342),
    Expected(list: "flux1_peft", architecture: .flux1, dialect: .peft, layers: 381),
    Expected(list: "flux1_aitoolkit", architecture: .flux1, dialect: .comfy, layers: 228),
    Expected(list: "flux1_xlabs", architecture: .flux1, dialect: .xlabs, layers: 12),
    Expected(list: "flux1_control", architecture: .flux1, dialect: .original, layers: 314, unmatched: 152),
    Expected(list: "flux1_onetrainer_dora", architecture: .flux1, dialect: .oneTrainer, layers: 506),
    Expected(list: "anima_kohya", architecture: .anima, dialect: .kohyaOriginal, layers: 11),
    Expected(list: "anima_kohya_te", architecture: .anima, dialect: .kohyaOriginal, layers: 9),
    Expected(list: "anima_comfy", architecture: .anima, dialect: .comfy, layers: 6),
    Expected(list: "anima_lokr", architecture: .anima, dialect: .comfy, layers: 3),
    Expected(list: "krea2_kohya", architecture: .krea2, dialect: .kohyaOriginal, layers: 40),
    Expected(list: "qwen_image", architecture: .qwenImage, dialect: .diffusers, layers: 3),
  ]

  @Test(arguments: all)
  func everyKeyIsALayer(expected: Expected) throws {
    let folder = try TemporaryFolder()
    let list = try CompactKeyList(expected.list)
    let adapter = try Adapter(path: makeHollowFile(list.tensors, in: folder))
    #expect(adapter.architecture == expected.architecture && adapter.dialects.first == expected.dialect)
    #expect(adapter.modules.count == expected.layers)
    #expect(adapter.unmatched.count == expected.unmatched, "\(adapter.unmatched.prefix(3))")
    #expect(adapter.modules.reduce(0) { $0 + $1.tensors.count } + expected.unmatched == list.tensors.count)
    #expect(Set(adapter.modules.map(\.path)).count == adapter.modules.count)
  }

  // MARK: - Every layer of every family

  @Test(arguments: LayerFamily.all.map(\.architecture))
  func everyNameIsFoundAgain(architecture: Architecture) throws {
    let family = try #require(LayerFamily.of(architecture))
    #expect(Set(family.table.templates.map(\.name)).count == family.table.templates.count)
    let originals = family.table.templates.compactMap(\.original)
    #expect(Set(originals).count == originals.count)
    for template in family.table.templates {
      let name = template.name.replacing("#", with: "7")
      let path = ModulePath(part: .transformer, name: name)
      for dialect in OutputDialect.allCases {
        guard let stem = dialect.stem(for: path, architecture: architecture) else {
          // Layers that are several in diffusers, and parts of layers in the model's own code, have a name in one naming.
          #expect(template.parts != nil || template.original == nil, "\(dialect) \(name)")
          continue
        }
        let found = try #require(StemResolution.resolve(stem, family: family), "\(stem)")
        #expect(found.path == path && !found.isDoubled, "\(stem) is \(found.path)")
        #expect(OutputDialect(found.dialect) == dialect || template.original == template.name, "\(stem)")
      }
    }
  }

  @Test(arguments: LayerFamily.all.map(\.architecture))
  func partsHaveNames(architecture: Architecture) throws {
    let family = try #require(LayerFamily.of(architecture))
    for template in family.table.templates {
      guard let parts = template.parts else { continue }
      for name in parts.names { #expect(family.table.find(dotted: name.replacing("#", with: "7")) != nil, "\(name)") }
    }
  }

  // MARK: - Which family

  @Test(arguments: [
    // Widths and proportions.
    (["lora_unet_double_blocks_0_img_mlp_0"], 12288, 3072, Architecture.flux1),
    (["lora_unet_double_blocks_0_img_mlp_0"], 18432, 3072, .flux2),
    (["diffusion_model.double_blocks.0.img_attn.qkv"], 12288, 4096, .flux2),
    (["diffusion_model.layers.0.attention.qkv"], 11520, 3840, .zImage),
    (["diffusion_model.layers.0.attention.qkv"], 3840, 2304, .lumina2),
    (["transformer.transformer_blocks.0.attn.to_q"], 1536, 1536, .sd3),
    // Numbers of blocks.
    (["lora_unet_double_blocks_19_img_attn_qkv"], 9216, 3072, .hunyuan),
    (["lora_unet_double_blocks_18_img_attn_qkv"], 9216, 3072, .flux1),
    (["transformer.transformer_blocks.45.attn.to_q"], 3072, 3072, .qwenImage),
    // Names alone.
    (["lora_unet_double_blocks_0_img_mod_linear"], 18432, 3072, .hunyuan),
    (["diffusion_model.distilled_guidance_layer.layers.0.in_layer"], 5120, 5120, .chroma),
    (["lora_unet_blocks_0_self_attn_q"], 5120, 5120, .wan), (["lora_unet__blocks_0_self_attn_q"], 5120, 5120, .wan),
    (["lora_unet_blocks_0_self_attn_q_proj"], 2048, 2048, .anima),
    (["lora_unet_joint_blocks_0_x_block_attn_qkv"], 4608, 1536, .sd3),
    // The prefix, where nothing else tells.
    (["transformer_blocks.0.attn.to_q"], 3072, 3072, .qwenImage),
    (["transformer.transformer_blocks.0.attn.to_q"], 3072, 3072, .flux1),
  ])
  func families(stems: [String], outputs: Int, inputs: Int, architecture: Architecture) throws {
    let folder = try TemporaryFolder()
    var tensors: [(name: String, dtype: DType, shape: [Int])] = []
    for stem in stems {
      tensors.append(("\(stem).lora_up.weight", .f16, [outputs, 2]))
      tensors.append(("\(stem).lora_down.weight", .f16, [2, inputs]))
    }
    let adapter = try Adapter(path: makeHollowFile(tensors, in: folder))
    #expect(adapter.architecture == architecture && adapter.unmatched.isEmpty)
  }

  @Test func metadataDecideBetweenNamesakes() throws {
    let folder = try TemporaryFolder()
    let tensors: [(name: String, dtype: DType, shape: [Int])] = [
      ("lora_unet_double_blocks_0_img_attn_qkv.lora_up.weight", .f16, [9216, 2]),
      ("lora_unet_double_blocks_0_img_attn_qkv.lora_down.weight", .f16, [2, 3072]),
    ]
    for (name, architecture) in [("chroma", Architecture.chroma), ("hunyuan-image-2.1", .hunyuan), ("", .flux1)] {
      let path = try makeHollowFile(tensors, in: folder, metadata: ["modelspec.architecture": name])
      #expect(try Adapter(path: path).architecture == architecture)
    }
  }

  // MARK: - Spellings

  @Test(arguments: [
    ("lora_te2_encoder_block_3_layer_0_SelfAttention_q", ModelPart.textEncoder3),
    ("lora_te3_encoder_block_3_layer_1_DenseReluDense_wi_0", .textEncoder3),
    ("text_encoder_2.encoder.block.3.layer.0.SelfAttention.q", .textEncoder3),
    ("text_encoders.t5xxl.transformer.encoder.block.3.layer.0.SelfAttention.q", .textEncoder3),
    ("text_encoders.clip_l.transformer.text_model.encoder.layers.0.mlp.fc1", .textEncoder1),
    ("text_encoders.clip_g.transformer.text_model.encoder.layers.0.mlp.fc1", .textEncoder2),
    ("lora_te_layers_3_self_attn_q_proj", .languageModel), ("lora_te_model_layers_3_mlp_up_proj", .languageModel),
    ("lycoris_text_model_encoder_layers_0_mlp_fc1", .textEncoder1), ("lycoris_mid_block_attentions_0_proj_in", .unet),
    ("diffusion_model.input_blocks.4.1.proj_in", .unet), ("input_blocks.4.1.proj_in", .unet),
  ])
  func furtherSpellings(stem: String, part: ModelPart) throws {
    let found = try #require(StemResolution.resolve(stem))
    #expect(found.path.part == part && !found.isDoubled)
  }

  @Test(arguments: [
    "lora_unet_unet_mid_block_attentions_0_proj_in", "lora_unet_lora_unet_mid_block_attentions_0_proj_in",
    "lora_te_te_text_model_encoder_layers_0_mlp_fc1", "lora_te2_text_encoder_2_text_model_encoder_layers_0_mlp_fc1",
  ])
  func doubledPrefixesAreReadAndTold(stem: String) throws {
    #expect(try #require(StemResolution.resolve(stem)).isDoubled)
    let folder = try TemporaryFolder()
    #expect(try makeAdapter(pair(stem), in: folder).doubledStems == [stem])
  }

  @Test(arguments: [
    "lora_unet_double_blocks_07_img_attn_qkv", "lora_unet_double_blocks_x_img_attn_qkv", "double_blocks",
  ])
  func numbersArePlain(stem: String) throws {
    let family = try #require(LayerFamily.of(.flux1))
    #expect(StemResolution.resolve(stem, family: family) == nil)
  }

  // MARK: - Blocks and roles

  @Test func blocksInTheModelsOrder() {
    let blocks = ["single10", "out", "block2", "in", "single9", "block11", "te1", "refiner0", "unheard"]
    #expect(
      ModulePath.inOrder(blocks) == [
        "te1", "in", "refiner0", "block2", "block11", "single9", "single10", "out", "unheard",
      ])
  }

  @Test(arguments: [
    ("transformer_blocks.12.attn.to_q", "block12", ModulePath.Role.selfAttentionQ),
    ("transformer_blocks.12.attn.to_added_qkv", "block12", .textStreamAttention),
    ("transformer_blocks.12.ff_context.net.2", "block12", .textStreamMLP),
    ("transformer_blocks.12.norm1.linear", "block12", .modulation),
    ("single_transformer_blocks.3.attn.to_qkv_mlp", "single3", .attentionAndMLP),
    ("single_transformer_blocks.3.proj_out", "single3", .projection),
    ("single_transformer_blocks.3.proj_mlp", "single3", .feedForward), ("x_embedder", "in", .embedding),
    ("norm_out.linear", "out", .modulation), ("proj_out", "out", .projection),
    ("blocks.3.attn2.to_k", "block3", .crossAttentionK), ("blocks.3.ffn.net.2", "block3", .feedForward),
    ("noise_refiner.1.attention.to_out.0", "refiner1", .selfAttentionOut),
    ("layers.3.adaLN_modulation.0", "block3", .modulation), ("layers.3.feed_forward.w1", "block3", .feedForward),
  ])
  func blocksAndRoles(name: String, block: String, role: ModulePath.Role) {
    let path = ModulePath(part: .transformer, name: name)
    #expect(path.block == block && path.role == role, "\(path.block) \(path.role)")
  }
}
