/// How the run was made, in a cast's tables.
extension RunWriter {
  func castModel(_ text: inout ConfigurationText) {
    text.table("[model]")
    text.toFillIn("The base model's path is not recorded: write it.")
    if let hash = record.base.modelHash { text.comment("Its checksum was \(hash).") }
    text.add("checkpoint", record.base.modelName ?? "model.safetensors")
    text.add("vae", record.base.vaeName)
    switch record.base.predictionType {
    case .velocity: text.add("prediction", "v")
    case .epsilon: text.add("prediction", "epsilon")
    case .flow: text.toFillIn("The model was one of flow matching, which Troupe does not train.")
    case nil: break
    }
    text.add("zero_terminal_snr", record.noise.zeroTerminalSNR)
    text.add("clip_skip", record.base.clipSkip, in: 1...12) { .whole($0) }
    if let tokens = record.base.maxTokenLength {
      if [75, 150, 225].contains(tokens) {
        text.add("tokens", tokens)
      } else {
        text.toFillIn("Captions had up to \(tokens) tokens; a cast takes 75, 150 or 225.")
      }
    }
  }

  func castNetwork(_ text: inout ConfigurationText) {
    let network = record.network
    text.table("[network]")
    let isLocon = network.convDim != nil && ["lora", "locon"].contains(network.algo)
    switch network.algo {
    case "lora", "locon", nil: text.add("kind", isLocon ? "locon" : "lora")
    default: text.toFillIn("The network was \(network.algo ?? ""), for which a cast has no kind: this trains a LoRA.")
    }
    if network.isDoRA { text.toFillIn("The network was a DoRA, which a cast does not train: this trains a LoRA.") }
    text.add("rank", network.dim, in: 1...4096) { .whole($0) }
    text.add("alpha", network.alpha, in: 1e-6...1e6) { .number($0) }
    if isLocon {
      text.add("conv_rank", network.convDim, in: 1...4096) { .whole($0) }
      text.add("conv_alpha", network.convAlpha, in: 1e-6...1e6) { .number($0) }
    }
    if let mode = record.cast?.mode, ["shared", "separate"].contains(mode) { text.add("mode", mode) }
    text.add("dropout", network.dropout, in: 0...0.99) { .number($0) }
    for name in ["rank_dropout", "module_dropout"] {
      let value = network.networkArgs.last { $0.key == name }.flatMap { Double($0.value) }
      text.add(name, value, in: 0...0.99) { .number($0) }
    }
    text.add("max_norm", network.scaleWeightNorms.flatMap { $0 == 0 ? nil : $0 }, in: 1e-6...1e6) { .number($0) }
    if let first = record.cast?.continues {
      text.toFillIn("It went on from a LoRA, whose path is not recorded.")
      text.add("continue", first)
    }
  }

  func castTraining(_ text: inout ConfigurationText) {
    let (o, data) = (record.optimisation, record.data)
    text.table("[training]")
    text.add("steps", o.maxTrainSteps ?? o.steps, in: 1...10_000_000) { .whole($0) }
    text.add("batch", o.batchSize, in: 1...1024) { .whole($0) }
    text.add("accumulation", o.gradientAccumulation, in: 1...4096) { .whole($0) }
    let sizes = data.resolutions.filter { (64...8192).contains($0.width) && (64...8192).contains($0.height) }
    if sizes.count == 1 {
      text.add("resolution", .list([.whole(sizes[0].width), .whole(sizes[0].height)]))
    } else if !sizes.isEmpty, sizes.count <= 16, sizes.allSatisfy({ $0.width == $0.height }) {
      text.add("resolutions", .list(sizes.map { .whole($0.width) }))
    } else if !data.resolutions.isEmpty {
      text.toFillIn("The resolutions were \(data.resolutions.map(PlainText.size).joined(separator: ", ")).")
    }
    if data.bucketsEnabled != false {
      text.add("min_bucket", data.minBucketSide, in: 64...8192) { .whole($0) }
      text.add("max_bucket", data.maxBucketSide, in: 64...16384) { .whole($0) }
      text.add("bucket_step", data.sets.first?.bucketStep, in: 8...1024) { .whole($0) }
    }
    text.add("enlarge", data.bucketNoUpscale.map { !$0 })
    text.add("learning_rate", o.learningRate, in: 0...100) { .number($0) }
    text.add("unet_rate", o.unetLR, in: 0...100) { .number($0) }
    text.add("te1_rate", o.textEncoderLR.first, in: 0...100) { .number($0) }
    let second = architecture.hasSeveralTextEncoders ? o.textEncoderLR.last : nil
    text.add("te2_rate", second, in: 0...100) { .number($0) }
    optimizer(&text)
    schedule(&text)
    text.add("gradient_clip", o.maxGradNorm, in: 0...1e6) { .number($0) }
    switch o.mixedPrecision {
    case "bf16"?: text.add("precision", "bf16")
    case "fp16"?: text.add("precision", "f16")
    case "none (fp32)"?: text.add("precision", "f32")
    case let other?: text.toFillIn("The precision was “\(other)”; a cast takes f32, bf16 or f16.")
    case nil: break
    }
    text.add("checkpointing", o.gradientCheckpointing)
    text.add("seed", record.cast?.seed ?? o.seed, in: 0...Int(UInt32.max)) { .whole($0) }
    text.add("validation", data.validationSplit, in: 0...0.5) { .number($0) }
    if let matching = record.cast?.matching, ["cast", "kohya"].contains(matching) { text.add("matching", matching) }
  }

  private func optimizer(_ text: inout ConfigurationText) {
    let o = record.optimisation
    guard let name = o.optimizer else { return }
    let plain = name.lettersAndDigits.replacing("8bit", with: "").replacing("paged", with: "")
    let kinds = [
      "adamw": "adamw", "lion": "lion", "prodigy": "prodigy", "adafactor": "adafactor",
      "adamwschedulefree": "schedule_free",
    ]
    if let kind = kinds[plain] {
      text.add("optimizer", kind)
      if plain != name.lettersAndDigits { text.toFillIn("The run kept the optimiser's state smaller, as \(name).") }
    } else {
      text.toFillIn("The optimiser was \(name), which a cast does not have.")
    }
    var rest: [String] = []
    for argument in o.optimizerArgs {
      let numbers = argument.value.filter { !"()[] ".contains($0) }.split(separator: ",").compactMap { Double($0) }
      switch argument.key {
      case "weight_decay" where numbers.count == 1:
        text.add("weight_decay", numbers[0], in: 0...100) { .number($0) }
      case "betas" where numbers.count == 2 && numbers.allSatisfy({ (0..<1).contains($0) }):
        let third = o.optimizerArgs.last { $0.key == "beta3" }.flatMap { Double($0.value) }
        text.add("betas", .list((numbers + [third].compactMap { $0 }).map { .number($0) }))
      case "eps" where numbers.count == 1: text.add("epsilon", numbers[0], in: 0...1) { .number($0) }
      case "beta3": break
      default: rest.append("\(argument.key)=\(argument.value)")
      }
    }
    if !rest.isEmpty { text.toFillIn("Further arguments of the optimiser were \(rest.joined(separator: ", ")).") }
  }

  private func schedule(_ text: inout ConfigurationText) {
    let o = record.optimisation
    let kinds = [
      "constant": "constant", "constant_with_warmup": "constant", "linear": "linear", "cosine": "cosine",
      "cosine_with_restarts": "cosine_restarts", "polynomial": "polynomial",
    ]
    if let scheduler = o.scheduler {
      if let kind = kinds[scheduler.lowercased()] {
        text.add("schedule", kind)
      } else {
        text.toFillIn("The schedule was “\(scheduler)”, which a cast does not have.")
      }
    }
    text.add("warmup", o.warmupSteps, in: 0...1e7) { .number($0) }
  }

  func castLosses(_ text: inout ConfigurationText) {
    let n = record.noise
    text.table("[losses]")
    switch n.lossType {
    case "l2"?: text.add("kind", "mse")
    case "huber"?, "smooth_l1"?: text.add("kind", n.lossType)
    case let other?: text.toFillIn("The loss was “\(other)”, which a cast does not have.")
    case nil: break
    }
    if n.lossType == "huber" || n.lossType == "smooth_l1" {
      text.add("huber_c", n.huberC, in: 1e-6...1e3) { .number($0) }
      if let schedule = n.huberSchedule, ["constant", "exponential", "snr"].contains(schedule) {
        text.add("huber_schedule", schedule)
      }
    }
    text.add("min_snr_gamma", n.minSNRGamma.flatMap { $0 == 0 ? nil : $0 }, in: 1e-3...1e4) { .number($0) }
    text.add("debiased", n.debiasedEstimation)
    text.add("noise_offset", n.noiseOffset, in: 0...1) { .number($0) }
    text.add("multires_iterations", n.multiresIterations, in: 0...16) { .whole($0) }
    text.add("multires_discount", n.multiresDiscount, in: 0...1) { .number($0) }
    text.add("input_perturbation", n.ipNoiseGamma, in: 0...1) { .number($0) }
    text.add("prior_weight", n.priorLossWeight, in: 0...1e4) { .number($0) }
    if let scale = n.adaptiveNoiseScale, scale != 0 {
      text.toFillIn("The noise's offset grew with the picture's mean by \(scale), which a cast does not have.")
    }
    let own: Set<String> = [
      "output_preservation", "cross_prior", "masked_prior", "swap_contrast", "token_focus", "attention",
      "orthogonality",
    ]
    for loss in record.cast?.losses ?? [] where own.contains(loss.name) {
      text.add(loss.name, loss.weight, in: 0...1e4) { .number($0) }
    }
  }

  func castRules(_ text: inout ConfigurationText) {
    let (c, data) = (record.captions, record.data)
    text.table("[captions]")
    text.add("shuffle", c.shuffle)
    text.add("keep_tokens", c.keepTokens, in: 0...1000) { .whole($0) }
    text.add("keep_tokens_separator", c.keepTokensSeparator)
    text.add("dropout", c.captionDropoutRate, in: 0...1) { .number($0) }
    text.add("dropout_every_epochs", c.captionDropoutEveryNEpochs, in: 0...1_000_000) { .whole($0) }
    text.add("tag_dropout", c.tagDropoutRate, in: 0...1) { .number($0) }
    text.table("[images]")
    text.add("flip", data.flipAugmentation)
    if data.randomCrop == true { text.add("crop", "random") }
    if data.colourAugmentation == true { text.toFillIn("Colours were changed at random, which a cast does not do.") }
  }

  func castOutput(_ text: inout ConfigurationText) {
    text.table("[output]")
    text.add("name", record.identity.outputName)
    if let format = record.cast?.format, ["f32", "f16", "bf16"].contains(format) { text.add("format", format) }
    text.add("comment", record.identity.comment)
  }
}
