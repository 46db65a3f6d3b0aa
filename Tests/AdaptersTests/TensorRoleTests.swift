import Testing

@testable import Adapters

@Suite("Key endings")
struct TensorRoleTests {
  @Test(arguments: [
    ("lora_up.weight", TensorRole.up), ("lora_down.weight", .down), ("lora_mid.weight", .mid),
    ("lora_B.weight", .up),
    ("lora_A.weight", .down), ("lora_A.default.weight", .down), ("lora_B.my_adapter.weight", .up),
    ("lora.up.weight", .up), ("lora.down.weight", .down), ("lora_linear_layer.up.weight", .up),
    ("lora_linear_layer.down.weight", .down), ("alpha", .alpha), ("dora_scale", .doraScale),
    ("lora_magnitude_vector", .doraScale), ("lora_magnitude_vector.weight", .doraScale),
    ("hada_w1_a", .hadaW1A),
    ("hada_w1_b", .hadaW1B), ("hada_w2_a", .hadaW2A), ("hada_w2_b", .hadaW2B), ("hada_t1", .hadaT1),
    ("hada_t2", .hadaT2), ("lokr_w1", .lokrW1), ("lokr_w1_a", .lokrW1A), ("lokr_w1_b", .lokrW1B),
    ("lokr_w2", .lokrW2),
    ("lokr_w2_a", .lokrW2A), ("lokr_w2_b", .lokrW2B), ("lokr_t2", .lokrT2), ("diff", .diff),
    ("diff_b", .diffBias),
    ("w_norm", .normWeight), ("b_norm", .normBias), ("oft_blocks", .oftBlocks),
    ("oft_R.weight", .oftRotation),
    ("rescale", .rescale), ("on_input", .onInput), ("a1.weight", .gloraA1), ("a2.weight", .gloraA2),
    ("b1.weight", .gloraB1), ("b2.weight", .gloraB2), ("lora_B.bias", .bias),
    ("oft_R.scaled_oft", .oftScaled), ("boft_R", .boftRotation), ("boft_s", .boftScale), ("ia3_l", .ia3Vector),
    ("bm.weight", .gloraMiddle), ("q_layer.weight", .tloraQ), ("p_layer.weight", .tloraP),
    ("lambda_layer", .tloraLambda), ("set_weight", .setWeight), ("reshape_weight", .reshapeWeight),
  ])
  func ending(ending: String, role: TensorRole) throws {
    for stem in ["lora_unet_conv_in", "unet.down_blocks.0.resnets.0.conv1", "x"] {
      let split = try #require(TensorRole.split("\(stem).\(ending)"))
      #expect(split == (stem, role))
    }
    #expect(TensorRole.split(ending)?.stem.isEmpty != true, "an ending alone has no stem")
  }

  @Test func processorsKeepTheirMark() throws {
    let split = try #require(TensorRole.split("mid.attn1.processor.to_q_lora.up.weight"))
    #expect(split == ("mid.attn1.processor.to_q_lora", .up))
  }

  @Test(arguments: [
    "", ".", "...", "weight", "lora_up", "model.diffusion_model.input_blocks.0.0.weight", "x.bias",
    "x.lora_up.bias",
    "x.lora_C.weight", "x.lora_A.a.b.weight", "x.lora.mid.weight", "lora_unet_x.lora_up.weight.extra",
    "alpha", "x.Alpha",
  ])
  func others(key: String) { #expect(TensorRole.split(key) == nil) }
}
