import SafeTensors

/// The records of trainers other than kohya's, said in kohya's keys so that one reader serves all.
struct ForeignRecord {
  private(set) var values: [String: String] = [:]
  /// The metadata key that each translated value came from.
  private(set) var origin: [String: String] = [:]
  private(set) var unreadable: Set<String> = []

  init(_ metadata: [String: String]) {
    if let config = document("ot_config", in: metadata) { readOneTrainer(config) }
    if let info = document("training_info", in: metadata) {
      set("ss_steps", info["step"], from: "training_info")
      set("ss_epoch", info["epoch"], from: "training_info")
    }
    if let config = document("lora_adapter_metadata", in: metadata) { readPEFT(config) }
    readPositionalRanks(metadata)
  }

  private mutating func document(_ key: String, in metadata: [String: String]) -> JSONValue? {
    guard let text = metadata[key] else { return nil }
    let value = LenientJSON.parse(text)
    guard value?.members != nil else {
      unreadable.insert(key)
      return nil
    }
    return value
  }

  private mutating func set(_ key: String, _ value: JSONValue?, from source: String) {
    set(key, text: value?.scalarText, from: source)
  }

  private mutating func set(_ key: String, text: String?, from source: String) {
    guard let text else { return }
    values[key] = text
    origin[key] = source
  }

  // MARK: - diffusers and PEFT

  /// Settings stand either bare or with a component before them (`unet.r`).
  private mutating func readPEFT(_ config: JSONValue) {
    let source = "lora_adapter_metadata"
    func all(_ name: String) -> [JSONValue] {
      (config.members ?? []).filter { $0.name == name || $0.name.hasSuffix("." + name) }.map(\.value)
    }
    func common(_ name: String, unless pattern: String) -> String? {
      if all(pattern).contains(where: { !($0.members ?? []).isEmpty }) { return "Dynamic" }
      let found = Set(all(name).compactMap(\.scalarText))
      return found.count > 1 ? "Dynamic" : found.first
    }
    set("ss_network_dim", text: common("r", unless: "rank_pattern"), from: source)
    set("ss_network_alpha", text: common("lora_alpha", unless: "alpha_pattern"), from: source)
    set("ss_network_dropout", text: all("lora_dropout").first?.scalarText, from: source)
    if all("use_dora").contains(.bool(true)) { set("troupe_dora", text: "True", from: source) }
  }

  // MARK: - cloneofsimo/lora

  /// One key per layer, `unet:12:rank`; the rank is the same everywhere in practice.
  private mutating func readPositionalRanks(_ metadata: [String: String]) {
    let ranks = Set(metadata.filter { $0.key.hasPrefix("unet:") && $0.key.hasSuffix(":rank") }.values)
    guard let rank = ranks.first else { return }
    set("ss_network_dim", text: ranks.count == 1 ? rank : "Dynamic", from: "unet:0:rank")
  }

  // MARK: - OneTrainer

  private mutating func readOneTrainer(_ config: JSONValue) {
    let source = "ot_config"
    for (theirs, ours) in Self.oneTrainerKeys { set(ours, config[theirs], from: source) }
    for (theirs, ours) in Self.oneTrainerWords {
      set(ours, text: config[theirs]?.string?.lowercased(), from: source)
    }
    set("ss_sd_model_name", text: config["base_model_name"]?.filledText?.lastPathComponent, from: source)
    let output = config["output_model_destination"]?.filledText?.lastPathComponent
    set("ss_output_name", text: output?.withoutModelExtension, from: source)
    let optimizer = config["optimizer"]
    set("ss_optimizer", text: optimizer?.string ?? optimizer?["optimizer"]?.string, from: source)

    let weighting = config["loss_weight_fn"]?.string
    if weighting == "MIN_SNR_GAMMA" { set("ss_min_snr_gamma", config["loss_weight_strength"], from: source) }
    if weighting == "DEBIASED_ESTIMATION" { set("ss_debiased_estimation", text: "True", from: source) }
    if config["force_v_prediction"]?.bool == true { set("ss_v_parameterization", text: "True", from: source) }
    if config["force_epsilon_prediction"]?.bool == true {
      set("ss_v_parameterization", text: "False", from: source)
    }
    if config["lora_decompose"]?.bool == true { set("troupe_dora", text: "True", from: source) }
    if config["peft_type"]?.string == "LOKR" { set("ss_network_dim", config["lokr_dim"], from: source) }
    readOneTrainerRates(config)
  }

  /// A part that is not trained has a rate of 0 in kohya's terms; one without its own rate takes the common one.
  private mutating func readOneTrainerRates(_ config: JSONValue) {
    func rate(_ part: String) -> String? {
      guard let settings = config[part], settings.members != nil else { return nil }
      if settings["train"]?.bool == false { return "0" }
      return settings["learning_rate"]?.scalarText ?? config["learning_rate"]?.scalarText
    }
    // Every part is always listed, whether the model has it or not, so only the ones it has may count.
    let model = config["model_type"]?.string ?? ""
    let single = model.hasPrefix("STABLE_DIFFUSION_1") || model.hasPrefix("STABLE_DIFFUSION_2")
    let pair = model.hasPrefix("STABLE_DIFFUSION_XL") || model.hasPrefix("FLUX")
    let backbone = single || model.hasPrefix("STABLE_DIFFUSION_XL") ? "unet" : "transformer"
    set("ss_unet_lr", text: rate(backbone), from: "ot_config")
    let encoders = pair ? ["text_encoder", "text_encoder_2"] : ["text_encoder"]
    let rates = encoders.compactMap { rate($0) }
    if !rates.isEmpty { set("ss_text_encoder_lr", text: rates.joined(separator: ","), from: "ot_config") }
  }

  private static let oneTrainerKeys = [
    ("learning_rate", "ss_learning_rate"), ("learning_rate_warmup_steps", "ss_lr_warmup_steps"),
    ("epochs", "ss_num_epochs"), ("batch_size", "ss_total_batch_size"),
    ("gradient_accumulation_steps", "ss_gradient_accumulation_steps"), ("clip_grad_norm", "ss_max_grad_norm"),
    ("resolution", "ss_resolution"), ("aspect_ratio_bucketing", "ss_enable_bucket"),
    ("lora_rank", "ss_network_dim"), ("lora_alpha", "ss_network_alpha"),
    ("dropout_probability", "ss_network_dropout"), ("offset_noise_weight", "ss_noise_offset"),
    ("rescale_noise_scheduler_to_zero_terminal_snr", "ss_zero_terminal_snr"),
    ("timestep_shift", "ss_discrete_flow_shift"),
  ]

  private static let oneTrainerWords = [
    ("learning_rate_scheduler", "ss_lr_scheduler"), ("train_dtype", "ss_mixed_precision"),
    ("timestep_distribution", "ss_timestep_sampling"), ("peft_type", "troupe_algo"),
  ]
}

extension String {
  /// Without the ending of a model file.
  var withoutModelExtension: String {
    for ending in [".safetensors", ".ckpt", ".pth", ".pt", ".bin", ".gguf", ".sft"]
    where lowercased().hasSuffix(ending) {
      return String(dropLast(ending.count))
    }
    return self
  }
}
