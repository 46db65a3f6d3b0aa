import SafeTensors

extension TrainingRecord {
  /// How long and how fast the network was trained.
  public struct Optimisation: Sendable, Codable, Equatable {
    /// Steps done when the file was saved.
    public var steps: Int?
    /// Steps planned for the whole run.
    public var maxTrainSteps: Int?
    /// Epochs planned for the whole run.
    public var epochs: Int?
    /// The epoch in which the file was saved.
    public var epochReached: Int?
    /// Images that go through the network at once over all devices, before accumulation.
    public var batchSize: Int?
    /// Images that go through the network at once on one device.
    public var batchSizePerDevice: Int?
    /// Steps whose gradients were added up before each update.
    public var gradientAccumulation: Int?
    /// The common learning rate.
    public var learningRate: Double?
    /// The image network's own learning rate.
    public var unetLR: Double?
    /// The text encoders' learning rates, one or one for each; empty when not stated.
    public var textEncoderLR: [Double]
    /// The optimizer's short name, for example `AdamW8bit`.
    public var optimizer: String?
    /// The optimizer as stored, with its package and without its arguments.
    public var optimizerPath: String?
    /// The optimizer's arguments.
    public var optimizerArgs: [Setting]
    /// The learning-rate schedule.
    public var scheduler: String?
    /// Steps during which the learning rate rises; below 1 it is a share of all steps.
    public var warmupSteps: Double?
    /// The number format of the computation, for example `bf16`.
    public var mixedPrecision: String?
    /// The random seed.
    public var seed: Int?
    /// The longest allowed gradient; 0 means that gradients were not clipped.
    public var maxGradNorm: Double?
    /// Whether the base model was held in 8-bit floating point.
    public var fp8Base: Bool?
    /// Whether the image network alone was held in 8-bit floating point.
    public var fp8BaseUNet: Bool?
    /// Whether gradients were computed in 16 bits as well.
    public var fullPrecision16: Bool?
    /// Of these, whether in `fp16`.
    public var fullFP16: Bool?
    /// Of these, whether in `bf16`.
    public var fullBF16: Bool?
    /// Whether activations were computed again instead of kept.
    public var gradientCheckpointing: Bool?
    /// Whether latents were made before the run.
    public var cacheLatents: Bool?
    /// Whether models were loaded straight into the device's memory.
    public var lowRAM: Bool?
    /// The most validation steps at a time.
    public var maxValidationSteps: Int?
    /// Epochs from one validation to the next.
    public var validateEveryNEpochs: Int?
    /// Steps from one validation to the next.
    public var validateEveryNSteps: Int?

    /// Whether the optimizer finds its own step size, so that a learning rate near 1 is normal.
    public var isAdaptive: Bool {
      let name = (optimizer ?? "").lowercased()
      return ["prodigy", "dadapt", "d-adapt", "dadaptation", "dog", "mechanic"].contains(where: name.contains)
    }

    init(reading reader: inout MetadataReader) {
      steps = reader.count("ss_steps")
      maxTrainSteps = reader.count("ss_max_train_steps")
      epochs = reader.count("ss_num_epochs")
      epochReached = reader.count("ss_epoch")
      gradientAccumulation = reader.count("ss_gradient_accumulation_steps")
      batchSizePerDevice = reader.count("ss_batch_size_per_device")
      if batchSizePerDevice == nil, let datasets = reader.json("ss_datasets")?.elements {
        let sizes = Set(datasets.compactMap { $0["batch_size_per_device"]?.count })
        batchSizePerDevice = sizes.count == 1 ? sizes.first : nil
      }
      batchSize = Self.batch(
        reader.count("ss_total_batch_size"), perDevice: batchSizePerDevice, accumulation: gradientAccumulation)
      learningRate = reader.number("ss_learning_rate")
      unetLR = reader.number("ss_unet_lr")
      textEncoderLR = reader.numbers("ss_text_encoder_lr")
      let optimizerText = reader.text("ss_optimizer")
      optimizerPath = optimizerText?.prefix { $0 != "(" }.description.trimmed
      (optimizer, optimizerArgs) = Self.optimizer(optimizerText)
      scheduler = reader.text("ss_lr_scheduler").map(Self.shortName)
      warmupSteps = reader.number("ss_lr_warmup_steps")
      mixedPrecision = reader.text("ss_mixed_precision").flatMap { $0 == "no" ? "none (fp32)" : $0 }
      seed = reader.integer("ss_seed")
      maxGradNorm = reader.number("ss_max_grad_norm")
      fp8BaseUNet = reader.flag("ss_fp8_base_unet")
      fp8Base = reader.flag("ss_fp8_base") ?? fp8BaseUNet
      fullFP16 = reader.flag("ss_full_fp16")
      fullBF16 = reader.flag("ss_full_bf16")
      fullPrecision16 = fullFP16 == nil && fullBF16 == nil ? nil : fullFP16 == true || fullBF16 == true
      gradientCheckpointing = reader.flag("ss_gradient_checkpointing")
      cacheLatents = reader.flag("ss_cache_latents")
      lowRAM = reader.flag("ss_lowram")
      maxValidationSteps = reader.count("ss_max_validation_steps")
      validateEveryNEpochs = reader.count("ss_validate_every_n_epochs")
      validateEveryNSteps = reader.count("ss_validate_every_n_steps")
    }

    /// sd-scripts counts accumulated batches into the total, others do not; what one device holds tells them apart.
    private static func batch(_ total: Int?, perDevice: Int?, accumulation: Int?) -> Int? {
      guard let total, let perDevice, perDevice > 0 else { return total ?? perDevice }
      let step = perDevice.multiplyingCapped(max(1, accumulation ?? 1))
      if total >= step, total % step == 0 { return perDevice.multiplyingCapped(total / step) }
      return total
    }

    /// The class name without its package: `torch.optim.adamw.AdamW` is `AdamW`.
    private static func shortName(_ path: String) -> String {
      path.split(separator: ".").last.map(String.init) ?? path
    }

    /// Splits `package.Class(a=1,betas=(0.9,0.99))` at the commas outside inner brackets.
    private static func optimizer(_ text: String?) -> (String?, [Setting]) {
      guard let text else { return (nil, []) }
      guard let open = text.firstIndex(of: "(") else { return (shortName(text), []) }
      var parts: [String] = [""]
      var depth = 0
      for character in text[text.index(after: open)...] {
        if "([{".contains(character) { depth += 1 }
        if ")]}".contains(character) { depth -= 1 }
        if depth < 0 { break }
        if character == ",", depth == 0 {
          parts.append("")
        } else {
          parts[parts.count - 1].append(character)
        }
      }
      let settings: [Setting] = parts.compactMap { part in
        guard let equals = part.firstIndex(of: "=") else { return nil }
        return Setting(
          key: String(part[..<equals]).trimmed, value: String(part[part.index(after: equals)...]).trimmed)
      }
      return (shortName(String(text[..<open])), settings)
    }
  }
}
