/// One line of a table of training parameters.
public struct RecipeField: Sendable, Codable, Equatable {
  /// A stable name in snake case.
  public var id: String
  /// The heading it belongs under.
  public var group: String
  /// What it is called among people who train LoRAs.
  public var label: String
  /// Its value as text.
  public var value: String
  /// Where it comes from: a metadata key, a file beside the weights, or `derived` from several values.
  public var source = "derived"
}

extension TrainingRecord {
  /// Everything the record knows, for a table: in a sensible order, without what is absent or switched off.
  public var fields: [RecipeField] {
    let all =
      identityFields + baseFields + networkFields + scheduleFields + learningFields + noiseFields + captionFields
      + dataFields + castFields + notesFields + furtherFields
    return all.map { field in
      var field = field
      field.source = sources[field.id] ?? field.source
      return field
    }
  }

  /// Makes the fields of a group from those values that are there.
  func group(_ name: String, _ entries: [(id: String, label: String, value: String?)]) -> [RecipeField] {
    entries.compactMap { entry in
      guard let value = entry.value, !value.isEmpty else { return nil }
      return RecipeField(id: entry.id, group: name, label: entry.label, value: value)
    }
  }

  func number(_ value: Double?) -> String? { value.map(PlainText.number) }

  /// A number that says nothing when it is zero.
  func positive(_ value: Double?) -> String? { value.flatMap { $0 == 0 ? nil : PlainText.number($0) } }

  func whole(_ value: Int?) -> String? { value.map { String($0) } }

  func yes(_ value: Bool?) -> String? { value == true ? "yes" : nil }

  private func settings(_ settings: [Setting]) -> String {
    settings.filter { $0.value != "None" }.map { "\($0.key) = \($0.value)" }.joined(separator: ", ")
  }

  private var identityFields: [RecipeField] {
    group(
      "File",
      [
        ("output_name", "Name", identity.outputName), ("title", "Title", identity.title),
        ("author", "Author", identity.author), ("license", "Licence", identity.license),
        ("trainer", "Trainer", identity.trainer == "unknown" ? nil : identity.trainer),
        ("trainer_revision", "Trainer revision", identity.trainerRevision),
        ("session", "Session", identity.sessionID),
        ("started", "Started", identity.startedAt.flatMap(PlainText.moment)),
        ("finished", "Saved", identity.finishedAt.flatMap(PlainText.moment)),
        ("duration", "Training time", identity.durationSeconds.flatMap(PlainText.duration)),
        ("comment", "Comment", identity.comment), ("description", "Description", identity.description),
        ("usage_hint", "Usage", identity.usageHint), ("tags", "Tags", identity.tags), ("date", "Date", identity.date),
        ("version", "Version", identity.version),
        ("merged_from", "Merged from", mergedFrom.joined(separator: ", ")),
        ("trigger_words", "Likely trigger words", likelyTriggers),
      ])
  }

  private var likelyTriggers: String {
    triggerCandidates.filter { $0.confidence >= 0.5 }.prefix(4).map(\.token).joined(separator: ", ")
  }

  private var baseFields: [RecipeField] {
    group(
      "Base model",
      [
        ("base_model", "Base model", base.modelName), ("base_hash", "Base model hash", base.modelHash),
        ("base_version", "Base version", base.version),
        ("base_kind", "Kind of base", base.modelName == nil ? nil : base.assessment.kind.rawValue),
        ("vae", "VAE", base.vaeName), ("vae_hash", "VAE hash", base.vaeHash),
        ("model_type", "Model type", base.modelType), ("clip_skip", "Clip skip", whole(base.clipSkip)),
        ("max_tokens", "Max caption tokens", whole(base.maxTokenLength)),
        ("prediction_type", "Prediction type", base.predictionType?.label),
      ])
  }

  private var networkFields: [RecipeField] {
    group(
      "Network",
      [
        ("network_module", "Network module", network.module), ("algorithm", "Network type", network.algo),
        ("rank", "Rank (dim)", whole(network.dim) ?? network.dimText),
        ("alpha", "Alpha", number(network.alpha) ?? network.alphaText),
        ("conv_rank", "Conv rank", whole(network.convDim)),
        ("conv_alpha", "Conv alpha", number(network.convAlpha)),
        ("dora", "DoRA", yes(network.isDoRA)),
        ("network_dropout", "Network dropout", positive(network.dropout)),
        ("scale_weight_norms", "Max norm", positive(network.scaleWeightNorms)),
        ("network_args", "Network arguments", settings(network.networkArgs)),
      ])
  }

  private var scheduleFields: [RecipeField] {
    group(
      "Length",
      [
        ("steps", "Steps", whole(optimisation.steps)),
        ("max_steps", "Planned steps", whole(optimisation.maxTrainSteps)),
        ("epoch", "Epoch", whole(optimisation.epochReached)),
        ("epochs", "Planned epochs", whole(optimisation.epochs)),
        ("batch_size", "Batch size", whole(optimisation.batchSize)),
        ("samples", "Samples", samples), ("batch_per_device", "Batch size per device", batchPerDevice),
        (
          "gradient_accumulation", "Gradient accumulation",
          optimisation.gradientAccumulation.flatMap { $0 > 1 ? String($0) : nil }
        ),
      ])
  }

  /// Images that went through the network up to the save, whatever the trainer calls a step.
  private var samples: String? {
    let o = optimisation
    guard let steps = o.steps ?? o.maxTrainSteps, let batch = o.batchSize else { return nil }
    return whole(steps.multiplyingCapped(batch).multiplyingCapped(max(1, o.gradientAccumulation ?? 1)))
  }

  /// What one device holds, where it is not what all hold together.
  private var batchPerDevice: String? {
    let o = optimisation
    return o.batchSizePerDevice == o.batchSize ? nil : whole(o.batchSizePerDevice)
  }

  private var learningFields: [RecipeField] {
    let o = optimisation
    return group(
      "Learning",
      [
        ("learning_rate", "Learning rate", number(o.learningRate)),
        ("unet_lr", "U-Net learning rate", number(o.unetLR)),
        ("text_encoder_lr", "Text encoder learning rate", PlainText.numbers(o.textEncoderLR)),
        ("optimizer", "Optimizer", o.optimizer),
        ("optimizer_args", "Optimizer arguments", settings(o.optimizerArgs)),
        ("scheduler", "LR scheduler", o.scheduler), ("warmup", "LR warm-up steps", positive(o.warmupSteps)),
        ("max_grad_norm", "Max gradient norm", number(o.maxGradNorm)),
        ("mixed_precision", "Mixed precision", o.mixedPrecision), ("fp8_base", "FP8 base", yes(o.fp8Base)),
        ("fp8_unet", "FP8 base, image network alone", yes(o.fp8BaseUNet)),
        ("full_16_bit", "Full 16-bit training", yes(o.fullPrecision16)),
        ("gradient_checkpointing", "Gradient checkpointing", yes(o.gradientCheckpointing)),
        ("cache_latents", "Latents cached", yes(o.cacheLatents)), ("low_ram", "Low RAM", yes(o.lowRAM)),
        ("seed", "Seed", whole(o.seed)),
      ])
  }
}
