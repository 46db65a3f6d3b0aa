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
}

extension TrainingRecord {
  /// Everything the record knows, for a table: in a sensible order, without what is absent or switched off.
  public var fields: [RecipeField] {
    identityFields + baseFields + networkFields + scheduleFields + learningFields + noiseFields
      + captionFields
      + dataFields + castFields
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
        ("comment", "Comment", identity.comment),
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
        ("vae", "VAE", base.vaeName), ("clip_skip", "Clip skip", whole(base.clipSkip)),
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
        (
          "gradient_accumulation", "Gradient accumulation",
          optimisation.gradientAccumulation.flatMap { $0 > 1 ? String($0) : nil }
        ),
      ])
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
        ("full_16_bit", "Full 16-bit training", yes(o.fullPrecision16)), ("seed", "Seed", whole(o.seed)),
      ])
  }
}
