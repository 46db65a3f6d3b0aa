import SafeTensors

/// The records of trainers other than kohya's, said in kohya's keys so that one reader serves all.
struct ForeignRecord {
  private(set) var values: [String: String] = [:]
  /// The metadata key that each translated value came from.
  private(set) var origin: [String: String] = [:]
  private(set) var unreadable: Set<String> = []
  /// The documents that were looked into.
  private(set) var taken: Set<String> = []

  init(_ metadata: [String: String], beside sidecars: Sidecars = .none) {
    // What stands in the header comes after what stands beside the file, and so has the last word.
    for sidecar in sidecars.documents where sidecar.kind == .peft { readPEFT(sidecar.value, from: sidecar.file) }
    if let config = document("ot_config", in: metadata) { readOneTrainer(config) }
    if let info = document("training_info", in: metadata) {
      set("ss_steps", info["step"], from: "training_info")
      set("ss_epoch", info["epoch"], from: "training_info")
    }
    if let config = document("lora_adapter_metadata", in: metadata) {
      readPEFT(config, from: "lora_adapter_metadata")
    }
    readPositionalRanks(metadata)
  }

  private mutating func document(_ key: String, in metadata: [String: String]) -> JSONValue? {
    guard let text = metadata[key] else { return nil }
    taken.insert(key)
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
  private mutating func readPEFT(_ config: JSONValue, from source: String) {
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
    let base = all("base_model_name_or_path").lazy.compactMap(\.filledText).first
    set("ss_sd_model_name", text: base, from: source)
    if let kind = all("peft_type").lazy.compactMap(\.filledText).first {
      set("troupe_algo", text: kind.lowercased(), from: source)
    }
    // What is left of the settings that change the result, said as network arguments are.
    let arguments = ["use_rslora", "bias", "init_lora_weights", "rank_pattern", "alpha_pattern", "target_modules"]
    let told = arguments.compactMap { name in
      Self.argument(all(name)).map { JSONValue.Member(name: name, value: .string($0)) }
    }
    if !told.isEmpty { set("ss_network_args", text: JSONValue.object(told).text, from: source) }
  }

  /// A setting as text where it is one for all components and not PEFT's default.
  private static func argument(_ values: [JSONValue]) -> String? {
    guard let first = values.first, values.allSatisfy({ $0 == first }) else { return nil }
    switch first {
    case .null, .bool(false), .string("none"): return nil
    case .bool(true): return "True"
    case .array(let items):
      let texts = items.compactMap(\.scalarText)
      return texts.isEmpty ? nil : texts.sorted().joined(separator: " ")
    case .object(let members):
      let texts = members.compactMap { member in member.value.scalarText.map { "\(member.name)=\($0)" } }
      return texts.isEmpty ? nil : texts.joined(separator: " ")
    default: return first.scalarText
    }
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
    set("ss_optimizer", text: Self.oneTrainerOptimizer(config["optimizer"]), from: source)
    for name in Self.oneTrainerFurther {
      guard let text = config[name]?.scalarText, !text.isEmpty else { continue }
      set("ot_config." + name, text: text, from: source)
    }

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

  /// The optimiser with the numbers that were set, as sd-scripts writes it; switches that are off are left out.
  private static func oneTrainerOptimizer(_ value: JSONValue?) -> String? {
    guard let name = value?.string ?? value?["optimizer"]?.string else { return nil }
    let settings = (value?.members ?? []).filter { member in
      member.name != "optimizer" && (member.value.number != nil || member.value == .bool(true))
    }
    let texts = settings.compactMap { member in member.value.scalarText.map { "\(member.name)=\($0)" } }
    return texts.isEmpty ? name : "\(name)(\(texts.joined(separator: ",")))"
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
    ("epochs", "ss_num_epochs"), ("batch_size", "ss_batch_size_per_device"),
    ("gradient_accumulation_steps", "ss_gradient_accumulation_steps"), ("clip_grad_norm", "ss_max_grad_norm"),
    ("resolution", "ss_resolution"), ("aspect_ratio_bucketing", "ss_enable_bucket"),
    ("lora_rank", "ss_network_dim"), ("lora_alpha", "ss_network_alpha"),
    ("dropout_probability", "ss_network_dropout"), ("offset_noise_weight", "ss_noise_offset"),
    ("rescale_noise_scheduler_to_zero_terminal_snr", "ss_zero_terminal_snr"),
    ("timestep_shift", "ss_discrete_flow_shift"), ("perturbation_noise_weight", "ss_ip_noise_gamma"),
    ("latent_caching", "ss_cache_latents"),
  ]

  /// Settings of its own, which are listed under these names behind `ot_config.`.
  private static let oneTrainerFurther = [
    "training_method", "ema", "ema_decay", "learning_rate_cycles", "learning_rate_min_factor",
    "learning_rate_scaler", "mse_strength", "mae_strength", "log_cosh_strength", "huber_strength", "huber_delta",
    "loss_weight_fn", "loss_weight_strength", "generalized_offset_noise", "min_noising_strength",
    "max_noising_strength", "noising_weight", "noising_bias", "dynamic_timestep_shifting", "masked_training",
    "unmasked_probability", "unmasked_weight", "masked_prior_preservation_weight", "text_encoder_layer_skip",
    "text_encoder_2_layer_skip", "layer_filter", "layer_filter_preset", "lora_weight_dtype", "lora_model_name",
    "oft_block_size", "lokr_decompose_factor", "lokr_full_matrix",
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
