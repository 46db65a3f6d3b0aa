/// A way of naming the layers of a LoRA file.
public enum Dialect: String, Sendable, Codable, CaseIterable {
  /// kohya's stems over diffusers' layer names: `lora_unet_down_blocks_1_attentions_0_…`.
  case kohya
  /// kohya's stems over the original layer names, as its SDXL trainer writes: `lora_unet_input_blocks_4_1_…`.
  case kohyaSGM = "kohya-sgm"
  /// kohya's stems over the layer names of a transformer's own code: `lora_unet_double_blocks_0_img_attn_qkv`.
  case kohyaOriginal = "kohya-original"
  /// OneTrainer's older stems: kohya's manner over diffusers' names, `lora_transformer_transformer_blocks_0_…`.
  case oneTrainer = "onetrainer"
  /// LyCORIS' own wrapper and SimpleTuner: `lycoris_transformer_blocks_0_…`.
  case lycoris
  /// The paths of the model's own code as ComfyUI has them: `diffusion_model.double_blocks.0.img_attn.qkv`.
  case comfy
  /// The paths of the model's own code without any prefix: `double_blocks.0.img_attn.qkv`.
  case original
  /// XLabs' for Flux.1: `double_blocks.0.processor.qkv_lora1`.
  case xlabs
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
    case .kohyaOriginal: "kohya (the model's own layer names)"
    case .oneTrainer: "OneTrainer (diffusers layer names)"
    case .lycoris: "LyCORIS wrapper"
    case .comfy: "ComfyUI (the model's own layer names)"
    case .original: "the model's own layer names"
    case .xlabs: "XLabs (attention processors)"
    case .diffusersProcessor: "diffusers (attention processors)"
    case .diffusers: "diffusers (lora.up/lora.down)"
    case .diffusersPEFT: "diffusers (lora_A/lora_B)"
    case .peft: "PEFT adapter"
    case .cloneofsimo: "cloneofsimo (numbered layers)"
    case .unknown: "unknown"
    }
  }
}
