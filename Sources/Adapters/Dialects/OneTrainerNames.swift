/// OneTrainer's older stems: kohya's manner over diffusers' layer names, `lora_transformer_` for a transformer, and T5 as
/// the second text encoder of a model that has two.
enum OneTrainerNames {
  /// The stem that OneTrainer writes for a layer.
  static func stem(of path: ModulePath, architecture: Architecture) -> String {
    let name = LayerTable.flattened(path.name)
    switch path.part {
    case .unet: return "lora_unet_" + name
    case .transformer: return "lora_transformer_" + name
    case .textEncoder1: return (architecture.hasSeveralTextEncoders ? "lora_te1_" : "lora_te_") + name
    case .textEncoder2: return "lora_te2_" + name
    case .textEncoder3:
      return (architecture == .flux1 ? "lora_te2_" : architecture == .sd3 ? "lora_te3_" : "lora_te_") + name
    case .languageModel: return "lora_te_" + name
    }
  }
}
