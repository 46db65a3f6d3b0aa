import SafeTensors
import Testing

@testable import Adapters

@Suite("Recognising the base model")
struct ArchitectureTests {
  private static let cross = "lora_unet_mid_block_attentions_0_transformer_blocks_0_attn2_to_k"
  private static let own = "lora_unet_mid_block_attentions_0_transformer_blocks_0_attn1_to_q"
  private static let text = "lora_te_text_model_encoder_layers_0_self_attn_q_proj"

  private func architecture(_ tensors: [String: MadeTensor], _ metadata: [String: String] = [:]) throws
    -> Architecture
  {
    try makeAdapter(tensors, in: TemporaryFolder(), metadata: metadata).architecture
  }

  @Test(arguments: [(768, Architecture.sd1), (1024, .sd2), (2048, .sdxl)])
  func widthOfTheText(width: Int, architecture: Architecture) throws {
    #expect(try self.architecture(pair(Self.cross, inputs: width)) == architecture)
    // Shapes outweigh what the metadata claim.
    #expect(
      try self.architecture(pair(Self.cross, inputs: width), ["ss_base_model_version": "sd3"]) == architecture
    )
  }

  @Test(arguments: [
    ("ss_base_model_version", "sdxl_base_v1-0", Architecture.sdxl), ("ss_base_model_version", "sd_v1", .sd1),
    ("ss_base_model_version", "sd_v2_768_v", .sd2),
    ("modelspec.architecture", "stable-diffusion-xl-v1-base/lora", .sdxl),
    ("modelspec.architecture", "stable-diffusion-v1/lora", .sd1),
    ("modelspec.architecture", "flux-1-dev/lora", .flux1),
    ("ss_base_model_version", "flux2", .flux2), ("modelspec.architecture", "stable-diffusion-3-medium", .sd3),
    ("ss_network_module", "networks.lora_anima", .anima), ("ss_v2", "True", .sd2),
    ("ss_v2", "False", .unknown),
    ("ss_output_name", "sdxl", .unknown),
  ])
  func metadataWhereShapesDoNotTell(key: String, value: String, architecture: Architecture) throws {
    #expect(try self.architecture(pair(Self.own), [key: value]) == architecture)
  }

  @Test func layersWhereNothingElseTells() throws {
    #expect(try architecture(pair("lora_te2_text_model_encoder_layers_0_mlp_fc1")) == .sdxl)
    #expect(
      try architecture(pair("lora_unet_mid_block_attentions_0_transformer_blocks_1_attn1_to_q")) == .sdxl)
    #expect(try architecture(pair(Self.text, inputs: 768)) == .sd1)
    #expect(try architecture(pair(Self.text, inputs: 1024)) == .sd2)
    #expect(try architecture(pair(Self.own)) == .unknown)
  }

  @Test(arguments: [
    ("transformer.single_transformer_blocks.0.attn.to_q", Architecture.flux1),
    ("lora_unet_double_blocks_0_img_attn_qkv", .flux1), ("lora_unet_joint_blocks_0_x_block_attn_qkv", .sd3),
    ("transformer_blocks.0.img_mlp.net.2", .qwenImage), ("blocks.0.cross_attn.k", .wan),
    ("something.else", .unknown),
  ])
  func familiesByTheirKeys(stem: String, architecture: Architecture) throws {
    #expect(try self.architecture(pair(stem)) == architecture)
  }

  @Test func labels() {
    #expect(Set(Architecture.allCases.map(\.label)).count == Architecture.allCases.count)
    #expect(Architecture.allCases.filter(\.hasSeveralTextEncoders) == [.sdxl, .sd3, .flux1])
  }
}
