internal import Adapters

extension CastRecord {
  /// The value of `troupe.cast`.
  func text(of run: TrainingMetadata) -> String {
    let cast = run.cast
    var record = TrainingRecord.Cast()
    record.troupe = run.file.version
    record.mode = cast.network.mode.rawValue
    record.file = run.file.character.map { cast.characters[$0].name }
    record.matching = matching.rawValue
    record.seed = cast.training.seed
    record.steps = run.progress.steps
    record.samplesPerStep = run.dataset.blocks.first.map { $0.batch * cast.training.accumulation }
    record.format = cast.output.format.rawValue
    record.continues = cast.network.continues.map(TrainedDataset.lastPart)
    record.layers = run.file.layers
    record.characters = members.map { member in
      .init(
        name: member.name, trigger: member.word.trigger, className: member.word.className, weight: member.weight,
        images: member.count.images, samples: member.count.samples,
        share: samples > 0 ? Double(member.count.samples) / Double(samples) : 0, paired: member.paired,
        longestGap: member.longestGap)
    }
    record.groups = groups.map {
      .init(characters: $0.characters, weight: $0.weight, images: $0.count.images, samples: $0.count.samples)
    }
    record.regularization = regularization.map {
      .init(
        className: $0.className, target: $0.target.rawValue, pairsWith: $0.pairsWith, weight: $0.weight,
        ratio: $0.ratio, images: $0.count.images, generated: $0.generated, samples: $0.count.samples)
    }
    record.losses = Self.losses(cast)
    return record.text
  }

  /// The terms that count, by their keys in the configuration.
  private static func losses(_ cast: CastConfiguration) -> [TrainingRecord.Cast.Loss] {
    let losses = cast.losses
    return [
      ("target", 1), ("prior_weight", cast.regularization.isEmpty ? 0 : losses.priorWeight),
      ("output_preservation", losses.outputPreservation), ("cross_prior", cast.crossPrior),
      ("masked_prior", losses.maskedPrior), ("swap_contrast", losses.swapContrast),
      ("token_focus", losses.tokenFocus), ("attention", losses.attention), ("orthogonality", losses.orthogonality),
      ("summed", cast.network.mode == .separate ? cast.network.summed : 0),
    ].filter { $0.1 != 0 }.map { .init(name: $0.0, weight: $0.1) }
  }
}
