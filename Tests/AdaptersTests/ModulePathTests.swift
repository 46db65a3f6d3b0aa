import Testing

@testable import Adapters

@Suite("Layer identities")
struct ModulePathTests {
  @Test(arguments: [
    ("down_blocks.1.attentions.0.transformer_blocks.0.attn1.to_q", ModulePath.Role.selfAttentionQ, "down1"),
    ("down_blocks.2.attentions.1.transformer_blocks.9.attn1.to_k", .selfAttentionK, "down2"),
    ("mid_block.attentions.0.transformer_blocks.3.attn1.to_v", .selfAttentionV, "mid"),
    ("up_blocks.0.attentions.2.transformer_blocks.0.attn1.to_out.0", .selfAttentionOut, "up0"),
    ("up_blocks.3.attentions.2.transformer_blocks.0.attn2.to_q", .crossAttentionQ, "up3"),
    ("mid_block.attentions.0.transformer_blocks.0.attn2.to_k", .crossAttentionK, "mid"),
    ("mid_block.attentions.0.transformer_blocks.0.attn2.to_v", .crossAttentionV, "mid"),
    ("mid_block.attentions.0.transformer_blocks.0.attn2.to_out.0", .crossAttentionOut, "mid"),
    ("mid_block.attentions.0.transformer_blocks.0.ff.net.0.proj", .feedForward, "mid"),
    ("mid_block.attentions.0.transformer_blocks.0.ff.net.2", .feedForward, "mid"),
    ("mid_block.attentions.0.proj_in", .projection, "mid"),
    ("mid_block.attentions.0.proj_out", .projection, "mid"),
    ("down_blocks.0.resnets.1.conv2", .convolution, "down0"),
    ("down_blocks.0.downsamplers.0.conv", .convolution, "down0"),
    ("down_blocks.1.resnets.0.conv_shortcut", .convolution, "down1"), ("conv_in", .convolution, "in"),
    ("conv_out", .convolution, "out"), ("conv_norm_out", .other, "out"),
    ("down_blocks.0.resnets.0.time_emb_proj", .embedding, "down0"),
    ("time_embedding.linear_1", .embedding, "in"),
    ("add_embedding.linear_2", .embedding, "in"), ("down_blocks.0.resnets.0.norm1", .other, "down0"),
  ])
  func unet(name: String, role: ModulePath.Role, block: String) {
    let path = ModulePath(part: .unet, name: name)
    #expect(path.role == role && path.block == block)
    #expect(UNetModules.contains(name))
    #expect(path.description == "unet.\(name)")
  }

  @Test(arguments: [ModelPart.textEncoder1, .textEncoder2])
  func textEncoders(part: ModelPart) {
    let attention = ModulePath(part: part, name: "text_model.encoder.layers.3.self_attn.q_proj")
    #expect(attention.role == .textAttention && attention.block == part.rawValue)
    #expect(ModulePath(part: part, name: "text_model.encoder.layers.3.mlp.fc1").role == .textMLP)
    #expect(ModulePath(part: part, name: "text_model.final_layer_norm").role == .other)
  }

  @Test func order() {
    let names = [
      "conv_in", "down_blocks.0.resnets.0.conv1",
      "down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q",
      "down_blocks.2.attentions.1.transformer_blocks.2.attn2.to_v",
      "down_blocks.2.attentions.1.transformer_blocks.9.attn1.to_q", "mid_block.attentions.0.proj_in",
      "up_blocks.0.resnets.0.conv1", "up_blocks.1.resnets.0.conv1", "zzz", "zzzz",
    ]
    let unet = names.map { ModulePath(part: .unet, name: $0) }
    let text = [ModelPart.textEncoder1, .textEncoder2].flatMap { part in
      [0, 1, 2, 10, 11].map { ModulePath(part: part, name: "text_model.encoder.layers.\($0).mlp.fc1") }
    }
    // Text encoders first, numbers by value (10 after 2), unknown names last.
    #expect((text + unet).shuffled().sorted() == text + unet)
  }

  @Test func identity() {
    let a = ModulePath(part: .textEncoder1, name: "text_model.final_layer_norm")
    let b = ModulePath(part: .textEncoder2, name: "text_model.final_layer_norm")
    #expect(a != b && a < b && Set([a, b, a]).count == 2)
  }

  @Test func everyBlockHasAPlace() {
    for module in UNetModules.all {
      #expect(ModulePath.place(ModulePath(part: .unet, name: module.diffusers).block) < .max, "\(module)")
    }
    let order = ["te1", "te2", "in", "down0", "down3", "mid", "up0", "up3", "out"]
    #expect(ModulePath.inOrder(order.reversed()) == order)
  }

  @Test(arguments: [
    ("conv_in", 3), ("down_blocks.0.resnets.0.conv1", 3), ("down_blocks.0.resnets.0.conv2", 3),
    ("down_blocks.0.downsamplers.0.conv", 3), ("down_blocks.1.resnets.0.conv_shortcut", 1),
    ("down_blocks.0.attentions.0.proj_in", 1), ("mid_block.attentions.0.transformer_blocks.0.attn1.to_q", 1),
  ])
  func kernels(name: String, width: Int) {
    #expect(ModulePath(part: .unet, name: name).kernelWidth == width)
    #expect(ModulePath(part: .textEncoder1, name: name).kernelWidth == 1)
  }
}
