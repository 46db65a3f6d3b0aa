internal import Diffusion
internal import Images
internal import Torch

/// Makes samples of a plan ready for the network: pictures to latents, captions by their rules, times and noise.
///
/// Everything random depends on the seed and on which use of which picture it is: not on batches, processes or resumes.
struct SamplePreparer {
  let plan: RunPlan
  let latents: LatentCache
  let schedule: NoiseSchedule
  let noise: NoiseOptions
  let times: TimeSampling
  let scaling: Double
  private let seed: UInt64
  private let losses: CastConfiguration.Losses
  private let isSeparate: Bool
  private let partners: CompositePartners

  init(
    _ plan: RunPlan, _ latents: LatentCache, _ schedule: NoiseSchedule, scaling: Double
  ) throws {
    (self.plan, self.latents, self.schedule, self.scaling) = (plan, latents, schedule, scaling)
    seed = UInt64(plan.cast.training.seed)
    losses = plan.cast.losses
    isSeparate = plan.cast.network.mode == .separate
    noise = NoiseOptions(losses)
    times = try TimeSampling(0..<schedule.times)
    partners = try CompositePartners(plan)
    if let lack = partners.lack { throw OptimisationError(lack) }
  }

  /// What tells one draw of a use from another.
  private enum Draw: UInt64 {
    case time = 0x5449_4D45
    case noise = 0x4E4F_4953
    case latent = 0x4C41_5445
    case dropout = 0x4452_4F50
    case summed = 0x5355_4D4D
  }

  private func key(_ draw: Draw, _ sample: Sample) -> CounterRandom {
    CounterRandom(
      seed: seed, draw.rawValue, UInt64(sample.source), UInt64(sample.picture), UInt64(sample.use))
  }

  /// A sample of a step.
  /// - Parameters:
  ///   - epoch: for rules of captions that count epochs.
  ///   - step: the step, counted from 0.
  /// - Throws: ``OptimisationError`` for a picture without a bucket; what reading pictures throws.
  func prepared(_ sample: Sample, epoch: Int, step: Int) throws -> TrainingSample {
    let picture = plan.pictures.pictures[sample.picture]
    let subset = plan.subsets[picture.subset]
    guard let placement = sample.placement else {
      throw OptimisationError(
        "\(picture.path): is too small (\(picture.size)) for any bucket; leave it out, or set enlarge = true")
    }
    var random = UseRandom.view(seed: seed, source: sample.source, picture: sample.picture, use: sample.use)
    let view = PictureView(placement, rule: subset.images, using: &random)
    let caption = caption(sample, subset, at: .init(epoch: epoch, step: step, steps: plan.cast.training.steps))
    let entry: LatentCache.Entry
    let composite = partners.choice(for: sample, seed: seed)
    var places: [TrainingSample.Place] = []
    if let composite {
      let drawn = try Composite.drawn(composite, inPlaceOf: sample.picture, view, plan)
      entry = try latents.entry(drawn.picture, called: picture.path)
      places = try zip(composite.members, drawn.places).map { member, mask in
        TrainingSample.Place(
          words: [plan.members[member].word.trigger].filter { !$0.isEmpty }, mask: try Tensor.mask(of: mask))
      }
    } else {
      entry = try latents.entry(picture.path, rule: subset.images, view: view)
    }
    let generator = try Generator(seed: key(.latent, sample).key)
    let drawn = try Tensor.normal(entry.mean.shape, using: generator)
    let clean = try (entry.mean + (entry.logVariance * 0.5).exponential() * drawn) * scaling
    var prepared = TrainingSample(
      latents: clean, caption: composite.map { plan.caption(of: $0) } ?? caption,
      sizes: SizeConditioning(view.condition),
      time: try times.draw([Generator(seed: key(.time, sample).key)])[0],
      noise: try noise.draw(clean, [Generator(seed: key(.noise, sample).key)]), loras: [0])
    prepared.places = places
    prepared.weight = sample.weight
    prepared.dropoutSeed = key(.dropout, sample).key
    prepared.isConstant = subset.captions.isConstant && composite == nil
    if composite == nil { prepared.mask = try mask(picture, subset.images, view) }
    address(&prepared, plan.role(of: sample), members: composite?.members, step: step)
    if isSeparate, plan.cast.network.summed > 0, prepared.character != nil {
      // What the others leave behind in a sum is noise that no LoRA meets alone: here it is met, and made up for.
      var draw = key(.summed, sample)
      if draw.unit() < plan.cast.network.summed { prepared.loras = Array(plan.members.indices) }
    }
    return prepared
  }

  /// The caption of one use; one of a character's own pictures that serves as regularisation names the class instead.
  private func caption(_ sample: Sample, _ subset: RunPlan.Subset, at moment: CaptionRule.Moment) -> String {
    var random = UseRandom.caption(seed: seed, source: sample.source, picture: sample.picture, use: sample.use)
    let text = plan.pictures.pictures[sample.picture].caption
    let caption = subset.captions.caption(text, at: moment, using: &random)
    if case .regularization = sample.role, case .character(let owner) = subset.owner {
      return plan.members[owner].word.classCaption(of: caption)
    }
    return caption
  }

  private func mask(_ picture: DatasetPictures.Picture, _ rule: ImageRule, _ view: PictureView) throws -> Tensor? {
    guard rule.masks || picture.mask != nil else { return nil }
    let prepared = try PreparedPicture(path: picture.path, mask: picture.mask, rule: rule, view: view)
    return try prepared.mask.map { try Tensor.mask(of: $0) }
  }

  /// Whom the sample belongs to, which LoRAs act on it, and what is held still beside it.
  private func address(_ sample: inout TrainingSample, _ role: CastPlan.Role, members: [Int]?, step: Int) {
    func loras(_ characters: [Int]) -> [Int] { isSeparate ? characters : [0] }
    switch role {
    case .character(let number):
      sample.character = members == nil ? number : nil
      let shown = members ?? [number]
      sample.loras = loras(shown)
      sample.triggers = shown.map { plan.members[$0].word.trigger }.filter { !$0.isEmpty }
      guard members == nil, !sample.caption.isEmpty else { return }
      let word = plan.members[number].word
      if losses.outputPreservation > 0, !word.trigger.isEmpty {
        sample.classCaption = word.classCaption(of: sample.caption)
      }
      let partner = CrossPrior.partner(of: number, among: plan.members.count, turn: step)
      if losses.swapContrast > 0, !isSeparate, let partner {
        sample.swappedCaption = word.swapped(sample.caption, to: plan.members[partner].word)
      }
      guard plan.cast.crossPrior > 0 else { return }
      if isSeparate {
        sample.bystander = partner
      } else if !word.trigger.isEmpty {
        sample.bystander = 0
        sample.bystanderCaption = word.withoutTrigger(sample.caption)
      }
    case .group(let numbers):
      sample.loras = loras(numbers)
      sample.triggers = numbers.map { plan.members[$0].word.trigger }.filter { !$0.isEmpty }
    case .regularization(let set, let characters):
      sample.loras = loras(characters.isEmpty ? Array(plan.members.indices) : characters)
      sample.target = plan.targets.indices.contains(set) ? plan.targets[set] : .picture
    }
  }

  // MARK: - Measuring

  /// A picture as it is measured: uncropped by chance, with its caption in order, at a given time and with noise of its own.
  func measured(_ number: Int, time: Int, index: Int) throws -> TrainingSample? {
    let picture = plan.pictures.pictures[number]
    var subset = plan.subsets[picture.subset]
    guard case .character(let character) = subset.owner,
      let placement = plan.measuringPlacement(of: number)
    else { return nil }
    subset.images.flips = false
    subset.images.crop = .centre
    var random = CounterRandom(seed: seed, 0x4D45_4153, UInt64(number))
    let view = PictureView(placement, rule: subset.images, using: &random)
    let entry = try latents.entry(picture.path, rule: subset.images, view: view)
    let clean = try entry.mean * scaling
    let generator = try Generator(seed: CounterRandom(seed: seed, 0x4D4E_4F49, UInt64(number), UInt64(index)).key)
    var sample = TrainingSample(
      latents: clean, caption: plan.plainCaption(of: number),
      sizes: SizeConditioning(view.condition),
      time: time, noise: try NoiseOptions().draw(clean, [generator]), loras: isSeparate ? [character] : [0])
    sample.character = character
    sample.isConstant = true
    return sample
  }
}

extension RunPlan {
  /// The caption of two side by side.
  func caption(of composite: Composite.Choice) -> String {
    Composite.caption(composite.members.map { members[$0].word })
  }

  /// What a sample stands for: sd-scripts' sampler knows subsets alone.
  func role(of sample: Sample) -> CastPlan.Role {
    guard case .kohya = steps else { return sample.role }
    switch subsets[pictures.pictures[sample.picture].subset].owner {
    case .character(let number): return .character(number)
    case .group(let numbers): return .group(numbers)
    case .regularization(let set): return .regularization(set: set, characters: [])
    }
  }

  /// Where a picture is put at each resolution; too small ones leave it out.
  func placements(of number: Int) -> [BucketPlacement] {
    let size = pictures.pictures[number].size
    switch steps {
    case .cast(let sampler): return sampler.plan.buckets.rules.compactMap { $0.placement(of: size) }
    case .kohya(let sampler):
      // What is held out is in no block.
      let own = sampler.blocks.filter { block in block.pictures.contains { $0.picture == number } }
      return (own.isEmpty ? Array(sampler.blocks.prefix(1)) : own).compactMap { $0.rule.placement(of: size) }
    }
  }

  /// Where a picture is put when it is measured: by the first resolution.
  func measuringPlacement(of number: Int) -> BucketPlacement? { placements(of: number).first }

  /// A picture's caption with its tags in order and none left out.
  func plainCaption(of number: Int) -> String {
    let picture = pictures.pictures[number]
    var rule = subsets[picture.subset].captions
    (rule.shuffles, rule.dropout, rule.dropoutEpochs, rule.tagDropout, rule.warmUpSteps) = (false, 0, 0, 0, 0)
    var random = CounterRandom(seed: 0, UInt64(number))
    return rule.caption(picture.caption, at: .init(epoch: 1, step: 0, steps: 1), using: &random)
  }
}

extension CastConfiguration {
  /// How much the prediction of bystanders counts: as written, else 1 for LoRAs apart and 0 for one together.
  public var crossPrior: Double { losses.crossPrior ?? (network.mode == .separate && characters.count > 1 ? 1 : 0) }
}

extension NoiseOptions {
  /// The noise of a configuration.
  init(_ losses: CastConfiguration.Losses) {
    self.init()
    if losses.noiseOffset > 0 { offset = Offset(losses.noiseOffset) }
    if losses.multiresIterations > 0 {
      pyramid = Pyramid(losses.multiresIterations)
      pyramid?.discount = losses.multiresDiscount
    }
    if losses.inputPerturbation > 0 { perturbation = Perturbation(losses.inputPerturbation) }
  }
}
