extension RunWriter {
  /// The training options, in the keys that `--config_file` takes.
  func training() throws(AdapterError) -> ConfigurationText {
    let o = record.optimisation
    guard
      o.learningRate != nil || o.unetLR != nil || o.maxTrainSteps != nil || o.optimizer != nil
        || record.network.module != nil || record.network.dim != nil
    else {
      throw missing("its record tells nothing of how it was trained, so there are no options to write")
    }
    var text = heading("The training options")
    if let script { text.comment("They are \(script)'s; start it with --config_file and this file.") }
    text.toFillIn(
      "Not recorded, and to be added: dataset_config or train_data_dir, output_dir, and how often to save; attention "
        + "(sdpa or xformers), min_timestep, max_timestep and the scheduler's cycles and power are unknown as well.")
    base(&text)
    network(&text)
    length(&text)
    rates(&text)
    numbers(&text)
    noise(&text)
    captions(&text)
    return text
  }

  private var isMusubi: Bool { record.identity.trainer == "musubi-tuner" }

  /// The program that has these options.
  private var script: String? {
    if isMusubi { return "musubi-tuner" }
    switch architecture {
    case .sd1, .sd2: return "sd-scripts' train_network.py"
    case .sdxl: return "sd-scripts' sdxl_train_network.py"
    case .sd3: return "sd-scripts' sd3_train_network.py"
    case .flux1, .chroma: return "sd-scripts' flux_train_network.py"
    case .lumina2: return "sd-scripts' lumina_train_network.py"
    case .hunyuan: return "sd-scripts' hunyuan_image_train_network.py"
    case .anima: return "sd-scripts' anima_train_network.py"
    default: return nil
    }
  }

  private func base(_ text: inout ConfigurationText) {
    let base = record.base
    text.lineBreak()
    let key = isMusubi ? "dit" : "pretrained_model_name_or_path"
    if let name = base.modelName {
      let hash = base.modelHash.map { " Its checksum was \($0)." } ?? ""
      text.toFillIn("The base model's path is not recorded: put it before the name.\(hash)")
      text.add(key, name)
    } else {
      text.toFillIn("The base model is not recorded: write its path behind \(key).")
    }
    if let vae = base.vaeName {
      text.toFillIn("The VAE's path is not recorded: put it before the name.")
      text.add("vae", vae)
    }
    if !isMusubi, [.sd1, .sd2].contains(architecture) { text.add("v2", base.isSD2) }
    if base.predictionType == .velocity { text.add("v_parameterization", true) }
    text.add("model_type", base.modelType)
    text.add("clip_skip", base.clipSkip)
    text.add("max_token_length", base.maxTokenLength)
    text.lineBreak()
    text.add("output_name", record.identity.outputName)
    text.add("training_comment", record.identity.comment)
  }

  private func network(_ text: inout ConfigurationText) {
    let network = record.network
    text.lineBreak()
    if let module = network.module {
      text.add("network_module", module)
    } else {
      text.toFillIn("The network's module is not recorded: networks.lora is sd-scripts' LoRA.")
    }
    text.add("network_dim", network.dim)
    text.add("network_alpha", network.alpha)
    if network.dim == nil, let stated = network.dimText {
      text.toFillIn("The rank is stored as “\(stated)”: the file was resized, and the run's own rank is lost.")
    }
    text.add("network_dropout", network.dropout)
    text.add("scale_weight_norms", network.scaleWeightNorms)
    // sd-scripts puts the dropout among them itself.
    let arguments = network.networkArgs.filter { argument in
      argument.value != "None"
        && !(argument.key == "dropout" && network.dropout != nil && Double(argument.value) == network.dropout)
    }
    if !arguments.isEmpty {
      text.add("network_args", .list(arguments.map { .text("\($0.key)=\($0.value)") }))
    }
  }

  private func length(_ text: inout ConfigurationText) {
    let o = record.optimisation
    text.lineBreak()
    if let steps = o.maxTrainSteps {
      text.add("max_train_steps", steps)
    } else if let epochs = o.epochs {
      text.add("max_train_epochs", epochs)
    } else if let steps = o.steps {
      text.toFillIn("The planned length is not recorded: this is how far the file came.")
      text.add("max_train_steps", steps)
    }
    if !isMusubi { text.add("train_batch_size", o.batchSizePerDevice ?? o.batchSize) }
    if let batch = o.batchSizePerDevice, let all = o.batchSize, batch > 0, all > batch {
      text.toFillIn("The run held \(all) images at once, on \(all / batch) devices.")
    }
    text.add("gradient_accumulation_steps", o.gradientAccumulation)
    text.add("seed", o.seed)
    text.add("max_validation_steps", o.maxValidationSteps)
    text.add("validate_every_n_epochs", o.validateEveryNEpochs)
    text.add("validate_every_n_steps", o.validateEveryNSteps)
  }

  private func rates(_ text: inout ConfigurationText) {
    let o = record.optimisation
    text.lineBreak()
    text.add("learning_rate", o.learningRate)
    text.add("unet_lr", o.unetLR)
    switch o.textEncoderLR.count {
    case 0: break
    case 1: text.add("text_encoder_lr", o.textEncoderLR[0])
    default: text.add("text_encoder_lr", .list(o.textEncoderLR.map { .number($0) }))
    }
    text.add("optimizer_type", optimizer)
    if !o.optimizerArgs.isEmpty {
      text.add("optimizer_args", .list(o.optimizerArgs.map { .text("\($0.key)=\($0.value)") }))
    }
    text.add("lr_scheduler", o.scheduler)
    // Below 1 it is a share of all steps; at or above a whole number of them.
    text.add("lr_warmup_steps", o.warmupSteps.map { Int(exactly: $0).map { .whole($0) } ?? .number($0) })
    text.add("max_grad_norm", o.maxGradNorm)
  }

  /// The names that sd-scripts has of its own; an optimiser of any other name is found by its whole path.
  private static let ownOptimizers: Set<String> = [
    "adamw", "adamw8bit", "pagedadamw", "pagedadamw8bit", "pagedadamw32bit", "lion", "lion8bit", "pagedlion8bit",
    "sgdnesterov", "sgdnesterov8bit", "dadaptation", "dadaptadampreprint", "dadaptadagrad", "dadaptadam", "dadaptadan",
    "dadaptadanip", "dadaptlion", "dadaptsgd", "adafactor", "prodigy", "adamwschedulefree", "radamschedulefree",
    "sgdschedulefree",
  ]

  private var optimizer: String? {
    guard let name = record.optimisation.optimizer else { return nil }
    return Self.ownOptimizers.contains(name.lowercased()) ? name : record.optimisation.optimizerPath
  }

  private func numbers(_ text: inout ConfigurationText) {
    let o = record.optimisation
    text.lineBreak()
    if let precision = o.mixedPrecision {
      text.add("mixed_precision", precision == "none (fp32)" ? "no" : precision)
    }
    text.add("full_fp16", o.fullFP16)
    text.add("full_bf16", o.fullBF16)
    text.add("fp8_base", o.fp8Base == o.fp8BaseUNet && o.fp8BaseUNet == true && !tells("ss_fp8_base") ? nil : o.fp8Base)
    text.add("fp8_base_unet", o.fp8BaseUNet)
    text.add("gradient_checkpointing", o.gradientCheckpointing)
    text.add("cache_latents", o.cacheLatents)
    text.add("lowram", o.lowRAM)
  }

  /// Whether a key is the source of some field.
  private func tells(_ key: String) -> Bool { record.sources.values.contains(key) }

  private func noise(_ text: inout ConfigurationText) {
    let n = record.noise
    text.lineBreak()
    text.add("loss_type", n.lossType)
    text.add("huber_schedule", n.huberSchedule)
    text.add("huber_c", n.huberC)
    text.add("huber_scale", n.huberScale)
    text.add("prior_loss_weight", n.priorLossWeight)
    text.add("min_snr_gamma", n.minSNRGamma)
    text.add("debiased_estimation_loss", n.debiasedEstimation)
    text.add("zero_terminal_snr", n.zeroTerminalSNR)
    text.add("noise_offset", n.noiseOffset)
    text.add("noise_offset_random_strength", n.noiseOffsetRandomStrength)
    text.add("adaptive_noise_scale", n.adaptiveNoiseScale)
    text.add("multires_noise_iterations", n.multiresIterations)
    text.add("multires_noise_discount", n.multiresDiscount)
    text.add("ip_noise_gamma", n.ipNoiseGamma)
    text.add("ip_noise_gamma_random_strength", n.ipNoiseGammaRandomStrength)
    text.add("weighting_scheme", n.weightingScheme)
    text.add("timestep_sampling", n.timestepSampling)
    text.add("discrete_flow_shift", n.flowShift)
    text.add("sigmoid_scale", n.sigmoidScale)
    text.add("logit_mean", n.logitMean)
    text.add("logit_std", n.logitStd)
    text.add("mode_scale", n.modeScale)
    text.add("guidance_scale", n.guidanceScale)
    text.add("model_prediction_type", n.modelPredictionType)
    text.add("apply_t5_attn_mask", n.appliesT5Mask)
    text.add("apply_lg_attn_mask", n.appliesCLIPMask)
    for setting in record.further where setting.key.hasPrefix("ss_") {
      let key = String(setting.key.dropFirst(3))
      text.add(key, Self.value(setting.value))
    }
  }

  /// A setting of a single trainer, in the form that its text has.
  private static func value(_ text: String) -> ConfigurationText.Value {
    switch text {
    case "True": .flag(true)
    case "False": .flag(false)
    default:
      Int(text).map { .whole($0) } ?? Double(text).flatMap { $0.isFinite ? .number($0) : nil } ?? .text(text)
    }
  }

  private func captions(_ text: inout ConfigurationText) {
    let (c, data) = (record.captions, record.data)
    text.lineBreak()
    text.add("caption_dropout_rate", c.captionDropoutRate)
    text.add("caption_dropout_every_n_epochs", c.captionDropoutEveryNEpochs)
    text.add("caption_tag_dropout_rate", c.tagDropoutRate)
    text.add("resize_interpolation", data.resizeInterpolation)
    text.add("validation_split", data.validationSplit)
    text.add("validation_seed", data.validationSeed)
    // Runs with a data-set configuration keep these there.
    guard data.sets.isEmpty else { return }
    text.add("resolution", data.resolutions.first.map { "\($0.width),\($0.height)" })
    text.add("enable_bucket", data.bucketsEnabled)
    text.add("min_bucket_reso", data.minBucketSide)
    text.add("max_bucket_reso", data.maxBucketSide)
    text.add("bucket_no_upscale", data.bucketNoUpscale)
    text.add("shuffle_caption", c.shuffle)
    text.add("keep_tokens", c.keepTokens)
    text.add("flip_aug", data.flipAugmentation)
    text.add("color_aug", data.colourAugmentation)
    text.add("random_crop", data.randomCrop)
    if data.faceCropRange.count == 2 {
      text.add("face_crop_aug_range", "\(data.faceCropRange[0]),\(data.faceCropRange[1])")
    }
  }
}
