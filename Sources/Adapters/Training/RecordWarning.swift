import SafeTensors

/// Something odd in a training record.
public struct RecordWarning: Sendable, Codable, Equatable {
  /// A stable name in kebab case.
  public var id: String
  /// What is odd and what it means; one or two sentences.
  public var text: String
}

extension TrainingRecord {
  /// What is odd about the record, judged from the metadata alone.
  public func findings() -> [RecordWarning] {
    let checks: [(String, String?)] = [
      ("truncated-training", truncation), ("prediction-type-mismatch", predictionMismatch),
      ("base-version-doubtful", doubtfulVersion), ("implausible-learning-rate", implausibleRate),
      ("adaptive-learning-rate-low", lowAdaptiveRate), ("text-encoder-not-trained", frozenTextEncoder),
      ("prior-loss-without-regularisation", unusedPriorLoss), ("unbalanced-exposure", imbalance),
      ("hash-of-nothing", emptyHash), ("unreadable-metadata", unreadableKeys),
    ]
    return checks.compactMap { id, text in text.map { RecordWarning(id: id, text: $0) } }
  }

  private var truncation: String? {
    let o = optimisation
    if let steps = o.steps, let planned = o.maxTrainSteps {
      guard steps < planned else { return nil }
      let epochs = o.epochReached.flatMap { reached in o.epochs.map { " (epoch \(reached) of \($0))" } } ?? ""
      return
        "Saved at step \(steps) of \(planned) planned\(epochs): an intermediate save or an interrupted run, so the "
        + "learning-rate schedule had not ended."
    }
    guard let reached = o.epochReached, let planned = o.epochs, reached < planned else { return nil }
    return "Saved in epoch \(reached) of \(planned) planned: an intermediate save or an interrupted run."
  }

  private var predictionMismatch: String? {
    guard let trained = base.predictionType, let promised = base.assessment.expectedPrediction,
      trained != promised,
      let name = base.modelName
    else { return nil }
    return
      "Trained for \(trained.label), but the base model “\(name.shortened(to: 80))” is one for \(promised.label). "
      + "One of the two is wrong; if it is the training, images come out washed out or as noise."
  }

  /// Early ai-toolkit versions wrote the family of their first model into the files of all others.
  private var doubtfulVersion: String? {
    guard identity.trainer.hasPrefix("ai-toolkit 0.1"), base.version == "sd_1.5" else { return nil }
    return
      "\(identity.trainer) wrote “sd_1.5” for models of other families as well; the layers tell the family."
  }

  private var rates: [(label: String, value: Double)] {
    let o = optimisation
    return [("learning rate", o.learningRate), ("U-Net learning rate", o.unetLR)]
      .compactMap { label, value in value.map { (label, $0) } }
      + o.textEncoderLR.map { ("text encoder learning rate", $0) }
  }

  private var implausibleRate: String? {
    guard !optimisation.isAdaptive, let worst = rates.max(by: { $0.value < $1.value }), worst.value > 1e-2
    else {
      return nil
    }
    let optimizer = optimisation.optimizer.map { " with \($0)" } ?? ""
    return
      "A \(worst.label) of \(PlainText.number(worst.value))\(optimizer) is far above the usual 0.0001 to 0.001; "
      + "only optimizers that find their own step size, such as Prodigy, take values near 1."
  }

  private var lowAdaptiveRate: String? {
    guard optimisation.isAdaptive, let highest = rates.map(\.value).max(), highest > 0, highest < 1e-2,
      let optimizer = optimisation.optimizer
    else { return nil }
    return "\(optimizer) finds its own step size and expects a learning rate near 1; with "
      + "\(PlainText.number(highest)) it hardly learned."
  }

  private var frozenTextEncoder: String? {
    let rates = optimisation.textEncoderLR
    guard !rates.isEmpty, rates.allSatisfy({ $0 == 0 }) else { return nil }
    if base.predictionType == .flow {
      return "The text encoders were not trained, as is usual for models of this kind."
    }
    return
      "The text encoder was not trained, so a rare trigger word has only the image network to give it a meaning."
  }

  private var unusedPriorLoss: String? {
    guard let weight = noise.priorLossWeight, weight != 1, data.numRegImages == 0,
      !data.datasets.contains(where: \.isRegularisation)
    else { return nil }
    return
      "The prior loss weight is \(PlainText.number(weight)), but there were no regularisation images for it to "
      + "weigh."
  }

  private var imbalance: String? {
    // Folders of one concept are one character in several qualities, and one folder may stand in several data
    // sets for several resolutions, so concepts are compared and not folders.
    var exposures: [String: Int] = [:]
    // A cast's folders are parts of characters, whose samples are recorded.
    let members = cast?.matching == "cast" ? cast?.characters ?? [] : []
    for member in members { exposures[member.name] = member.samples }
    for folder in data.datasets where !folder.isRegularisation && members.isEmpty {
      guard let exposure = folder.exposure else { return nil }
      exposures[folder.concept, default: 0] = (exposures[folder.concept] ?? 0).addingCapped(exposure)
    }
    let ranked = exposures.filter { $0.value > 0 }.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
    guard let most = ranked.first, let least = ranked.last else { return nil }
    let ratio = Double(most.value) / Double(least.value)
    guard ratio > 3 else { return nil }
    let factor = PlainText.number((ratio * 10).rounded() / 10)
    return
      "“\(most.key.shortened(to: 60))” is shown \(factor) times as often as “\(least.key.shortened(to: 60))” "
      + "(\(most.value) against \(least.value) \(members.isEmpty ? "images per epoch" : "samples")), so it is learned far more strongly."
  }

  private var emptyHash: String? {
    guard isHashOfNothing else { return nil }
    return
      "The stored model hash is the SHA-256 of no data at all, a mistake of the trainer; it identifies nothing."
  }

  private var unreadableKeys: String? {
    guard !unreadable.isEmpty else { return nil }
    let named = unreadable.prefix(8).map { $0.shortened(to: 60) }.joined(separator: ", ")
    let more = unreadable.count > 8 ? " and \(unreadable.count - 8) more" : ""
    return "These metadata values could not be read: \(named)\(more)."
  }
}
