/// A way of naming the layers of a LoRA file.
public enum Dialect: String, Sendable, Codable, CaseIterable {
  /// kohya's stems over diffusers' layer names: `lora_unet_down_blocks_1_attentions_0_…`.
  case kohya
  /// kohya's stems over the original layer names, as its SDXL trainer writes: `lora_unet_input_blocks_4_1_…`.
  case kohyaSGM = "kohya-sgm"
  /// diffusers before PEFT: `….attn1.processor.to_q_lora.up.weight`.
  case diffusersProcessor = "diffusers-processor"
  /// diffusers with `lora.up`/`lora.down` or `lora_linear_layer`: `unet.….to_q.lora.up.weight`.
  case diffusers
  /// diffusers with PEFT's letters: `unet.….to_q.lora_A.weight`.
  case diffusersPEFT = "diffusers-peft"
  /// A raw PEFT adapter: `base_model.model.….to_q.lora_A.weight`.
  case peft
  /// cloneofsimo's numbered layers, `unet:14:up`.
  case cloneofsimo
  /// None of the above.
  case unknown

  /// A name for people.
  public var label: String {
    switch self {
    case .kohya: "kohya (diffusers layer names)"
    case .kohyaSGM: "kohya (original SDXL layer names)"
    case .diffusersProcessor: "diffusers (attention processors)"
    case .diffusers: "diffusers (lora.up/lora.down)"
    case .diffusersPEFT: "diffusers (lora_A/lora_B)"
    case .peft: "PEFT adapter"
    case .cloneofsimo: "cloneofsimo (numbered layers)"
    case .unknown: "unknown"
    }
  }
}
