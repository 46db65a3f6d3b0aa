import SafeTensors

extension TrainingRecord {
  var noiseFields: [RecipeField] {
    let usesHuber = (noise.lossType ?? "").contains("huber") || noise.lossType == "smooth_l1"
    return group(
      "Noise and loss",
      [
        ("noise_offset", "Noise offset", positive(noise.noiseOffset)),
        ("noise_offset_random", "Random noise offset", yes(noise.noiseOffsetRandomStrength)),
        ("adaptive_noise_scale", "Adaptive noise scale", positive(noise.adaptiveNoiseScale)),
        (
          "multires_noise", "Multires noise",
          noise.multiresIterations.flatMap { $0 == 0 ? nil : "\($0) iterations" }.map { text in
            number(noise.multiresDiscount).map { "\(text), discount \($0)" } ?? text
          }
        ),
        ("min_snr_gamma", "Min-SNR gamma", positive(noise.minSNRGamma)),
        ("zero_terminal_snr", "Zero terminal SNR", yes(noise.zeroTerminalSNR)),
        ("ip_noise_gamma", "IP noise gamma", positive(noise.ipNoiseGamma)),
        ("ip_noise_gamma_random", "Random IP noise gamma", yes(noise.ipNoiseGammaRandomStrength)),
        ("debiased", "Debiased estimation", yes(noise.debiasedEstimation)),
        ("loss_type", "Loss", noise.lossType),
        ("huber_schedule", "Huber schedule", usesHuber ? noise.huberSchedule : nil),
        ("huber_c", "Huber c", usesHuber ? number(noise.huberC) : nil),
        ("huber_scale", "Huber scale", usesHuber ? number(noise.huberScale) : nil),
        (
          "prior_loss_weight", "Prior loss weight",
          noise.priorLossWeight == 1 && (data.numRegImages ?? 0) == 0 ? nil : number(noise.priorLossWeight)
        ),
        ("timestep_sampling", "Timestep sampling", noise.timestepSampling),
        ("flow_shift", "Flow shift", number(noise.flowShift)),
        ("guidance", "Guidance scale", number(noise.guidanceScale)),
        ("weighting", "Timestep weighting", noise.weightingScheme),
        ("logit_mean", "Logit mean", number(noise.logitMean)), ("logit_std", "Logit spread", number(noise.logitStd)),
        ("mode_scale", "Mode scale", number(noise.modeScale)),
        ("sigmoid_scale", "Sigmoid scale", number(noise.sigmoidScale)),
        ("t5_mask", "T5 attention mask", yes(noise.appliesT5Mask)),
        ("clip_mask", "CLIP attention mask", yes(noise.appliesCLIPMask)),
        ("model_prediction", "Model output", noise.modelPredictionType),
      ])
  }

  var captionFields: [RecipeField] {
    group(
      "Captions",
      [
        ("shuffle", "Shuffle captions", yes(captions.shuffle)),
        ("keep_tokens", "Keep tokens", positive(captions.keepTokens.map { Double($0) })),
        ("keep_tokens_separator", "Keep-tokens separator", captions.keepTokensSeparator),
        ("caption_dropout", "Caption dropout", positive(captions.captionDropoutRate)),
        (
          "caption_dropout_epochs", "Caption dropout every n epochs",
          positive(captions.captionDropoutEveryNEpochs.map { Double($0) })
        ), ("tag_dropout", "Tag dropout", positive(captions.tagDropoutRate)),
      ])
  }

  var dataFields: [RecipeField] {
    let sides = (data.minBucketSide, data.maxBucketSide)
    let training = data.datasets.filter { !$0.isRegularisation }
    return group(
      "Images",
      [
        (
          "resolution", "Resolution",
          data.resolutions.isEmpty
            ? data.resolutionText : data.resolutions.map(PlainText.size).joined(separator: ", ")
        ),
        (
          "buckets", "Buckets",
          data.bucketsEnabled.map {
            $0 ? data.buckets.isEmpty ? "on" : "\(data.buckets.count) shapes" : "off"
          }
        ),
        (
          "bucket_range", "Bucket sides",
          data.bucketsEnabled == false ? nil : sides.0.flatMap { low in sides.1.map { "\(low) to \($0) px" } }
        ), ("flip", "Flip augmentation", yes(data.flipAugmentation)),
        ("colour", "Colour augmentation", yes(data.colourAugmentation)),
        ("random_crop", "Random crop", yes(data.randomCrop)),
        ("face_crop", "Crop around faces", PlainText.numbers(data.faceCropRange)),
        ("bucket_no_upscale", "Small images left small", yes(data.bucketNoUpscale)),
        ("resize", "Resized by", data.resizeInterpolation),
        ("validation_images", "Validation images", positive(data.numValidationImages.map { Double($0) })),
        ("validation_split", "Validation share", positive(data.validationSplit)),
        ("validation_every_epochs", "Validation every n epochs", whole(optimisation.validateEveryNEpochs)),
        ("validation_every_steps", "Validation every n steps", whole(optimisation.validateEveryNSteps)),
        ("validation_steps", "Validation steps at most", whole(optimisation.maxValidationSteps)),
        (
          "validation_seed", "Validation seed", positive(data.validationSplit) == nil ? nil : whole(data.validationSeed)
        ),
        ("train_images", "Images per epoch, with repeats", whole(data.numTrainImages)),
        ("reg_images", "Regularisation images", positive(data.numRegImages.map { Double($0) })),
        ("batches_per_epoch", "Batches per epoch", whole(data.batchesPerEpoch)),
        ("folders", "Image folders", training.map(Self.describe).joined(separator: "; ")),
        (
          "reg_folders", "Regularisation folders",
          data.datasets.filter(\.isRegularisation).map(Self.describe).joined(separator: "; ")
        ),
      ])
  }

  /// A folder in a few words: `smf girl: 43 images × 16`.
  private static func describe(_ folder: Folder) -> String {
    let name = folder.concept.shortened(to: 60)
    guard let images = folder.images else { return "\(name): × \(folder.repeats)" }
    return "\(name): \(images) images × \(folder.repeats)"
  }
}
