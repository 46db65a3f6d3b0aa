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
