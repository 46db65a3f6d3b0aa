extension DatasetOutline {
  /// The outline of sd-scripts' dataset configuration.
  ///
  /// Every subset is a member of its own. What calls its character is not written anywhere there: it is the first tag that
  /// stands on all of its captions and on those of no other training subset.
  /// - Parameters:
  ///   - dataset: the configuration.
  ///   - pictures: what ``DatasetConfiguration/pictures(measure:)`` gave.
  ///   - steps: steps of the run, which the configuration does not say; sd-scripts' default.
  ///   - seed: the run's seed.
  ///   - accumulation: batches in an optimiser step.
  ///   - model: the base model, where one is named.
  /// - Throws: ``BucketRule/Refusal``.
  public init(
    _ dataset: DatasetConfiguration, pictures: DatasetPictures, steps: Int = 1600, seed: Int = 0, accumulation: Int = 1,
    model: String? = nil
  ) throws(BucketRule.Refusal) {
    let folders = dataset.subsets
    let names = Self.distinct(
      folders.map { subset in
        let folder = subset.images.isEmpty ? subset.metadata ?? "" : subset.images
        return folder.split(separator: "/").last.map(String.init) ?? folder
      })
    let subsets = folders.enumerated().map { number, subset in
      Subset(
        folder: subset.images.isEmpty ? subset.metadata ?? "" : subset.images, member: number,
        captions: subset.captions, images: subset.imageRule, repeats: subset.repeats)
    }
    let tags = subsets.indices.map { number in
      pictures.numbers(of: number).map { CaptionTags(pictures.pictures[$0], rule: subsets[number].captions).tags }
    }
    var members = folders.indices.map { number in
      Member(
        kind: folders[number].isRegularization ? .regularization : .character, name: names[number],
        className: folders[number].classTokens ?? "", subsets: [number])
    }
    let training = members.indices.filter { members[$0].kind == .character && !tags[$0].isEmpty }
    for number in training where training.count > 1 {
      let others = Set(training.filter { $0 != number }.flatMap { tags[$0].joined() })
      members[number].trigger =
        tags[number][0].first { tag in
          !others.contains(tag) && tags[number].allSatisfy { $0.contains(tag) }
        } ?? ""
    }
    let resolution = dataset.datasets.map(\.resolution).max { $0.area < $1.area } ?? PixelSize(512)
    let blocks = try dataset.blocks(pictures)
    self.init(
      file: dataset.file, kind: .kohya, members: members, subsets: subsets, pictures: pictures,
      sources: Array(members.indices), steps: steps, seed: UInt64(bitPattern: Int64(seed)),
      accumulation: max(1, accumulation),
      resolution: resolution, tokens: 75, checkpoint: model,
      sampler: .kohya(
        KohyaSampler(blocks: blocks, sizes: pictures.sizes, accumulation: accumulation, seed: seed)))
  }
}

extension DatasetConfiguration.Subset {
  /// What is done to its pictures, in the terms of a cast.
  public var imageRule: ImageRule {
    var rule = ImageRule()
    rule.flips = flips
    rule.crop = cropsAtRandom ? .random : .centre
    rule.offsets = .kohya
    rule.background = [255, 255, 255]
    rule.masks = masksAlpha || masks != nil
    // sd-scripts' masked loss is a plain mean.
    rule.normalisesMasks = false
    return rule
  }
}
