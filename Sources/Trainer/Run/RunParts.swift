public import Adapters
internal import Diffusion
internal import Torch

extension LossPlan {
  /// The losses of a configuration.
  /// - Throws: ``OptimisationError`` for numbers out of range.
  init(_ losses: CastConfiguration.Losses, crossPrior: Double, masks: Bool, normalisesMasks: Bool) throws {
    self.init()
    switch losses.kind {
    case .mse: element = .meanSquare
    case .huber: element = .huber(try HuberThreshold(losses.huberSchedule.course, least: losses.huberC))
    case .smoothL1: element = .smoothAbsolute(try HuberThreshold(losses.huberSchedule.course, least: losses.huberC))
    }
    if let gamma = losses.minSNRGamma { timeWeights.append(try MinimumSNRWeight(gamma: gamma)) }
    if losses.scalesVPrediction { timeWeights.append(VelocityScaleWeight()) }
    if losses.vPredictionLike > 0 { timeWeights.append(try VelocityLikeWeight(part: losses.vPredictionLike)) }
    if losses.debiased { timeWeights.append(DebiasedWeight()) }
    if masks { mask = try MaskedLoss(normalisesArea: normalisesMasks) }
    weights = [.target: 1, .basePrediction: 1]
    for (term, weight) in [
      (LossTerm.outputPreservation, losses.outputPreservation), (.crossPrior, crossPrior),
      (.maskedPrior, masks ? losses.maskedPrior : 0), (.swapContrast, losses.swapContrast),
      (.tokenFocus, losses.tokenFocus), (.attentionLocalisation, losses.attention),
      (.factorOrthogonality, losses.orthogonality),
    ] where weight > 0 {
      weights[term] = weight
    }
  }
}

extension CastConfiguration.Losses.HuberSchedule {
  /// The course of the threshold.
  var course: HuberThreshold.Course {
    switch self {
    case .constant: .constant
    case .exponential: .exponential
    case .snr: .signal
    }
  }
}

extension CastConfiguration.Training {
  /// The rate of a network of the model; 0 leaves it as it is.
  public func rate(of part: ModelPart) -> Double {
    switch part {
    case .unet: unetRate ?? learningRate
    case .textEncoder1: te1Rate ?? learningRate
    case .textEncoder2: te2Rate ?? learningRate
    // No model that is trained here has them.
    case .transformer, .textEncoder3, .languageModel: 0
    }
  }

  /// The networks that are trained, of those that a model has.
  func parts(hasSecondEncoder: Bool) -> Set<ModelPart> {
    Set(ModelPart.allCases.filter { rate(of: $0) > 0 && ($0 != .textEncoder2 || hasSecondEncoder) })
  }

  /// How the rate changes over the run.
  /// - Throws: ``OptimisationError``.
  func rateSchedule() throws(OptimisationError) -> RateSchedule {
    let shape: RateShape =
      switch schedule {
      case .constant: .constant
      case .linear: .polynomial(power: 1, end: smallestRate)
      case .cosine: .cosine(cycles: 0.5, minimum: smallestRate)
      case .cosineRestarts: .cosineRestarts(cycles: Double(cycles))
      case .polynomial: .polynomial(power: power, end: smallestRate)
      }
    if optimizer == .scheduleFree, schedule != .constant {
      throw OptimisationError("optimizer = \"schedule_free\" needs no schedule; leave schedule out")
    }
    // The schedule-free optimiser has a warm-up of its own.
    return try RateSchedule(shape, steps: steps, warmup: optimizer == .scheduleFree ? .steps(0) : warmupLength)
  }

  private var warmupLength: RateSchedule.Warmup { warmup < 1 ? .fraction(warmup) : .steps(Int(warmup)) }

  private var warmupSteps: Int { warmup < 1 ? Int(warmup * Double(steps)) : Int(warmup) }

  /// The optimiser of a configuration.
  ///
  /// Adafactor trains at the rate that is given, without relative steps, as LoRA trainers set it.
  /// - Throws: ``OptimisationError``.
  func makeOptimiser(_ groups: [ParameterGroup]) throws -> any Optimiser {
    let (beta1, beta2) = (betas?[0], betas?[1])
    switch optimizer {
    case .adamw:
      var options = AdamW.Options()
      if let beta1, let beta2 { (options.beta1, options.beta2) = (beta1, beta2) }
      if let epsilon { options.epsilon = epsilon }
      return try AdamW(groups, options)
    case .lion:
      var options = Lion.Options()
      if let beta1, let beta2 { (options.beta1, options.beta2) = (beta1, beta2) }
      return try Lion(groups, options)
    case .prodigy:
      var options = Prodigy.Options()
      if let beta1, let beta2 { (options.beta1, options.beta2) = (beta1, beta2) }
      if let betas, betas.count > 2 { options.beta3 = betas[2] }
      if let epsilon { options.epsilon = epsilon }
      options.safeguardsWarmup = warmup > 0
      return try Prodigy(groups, options)
    case .adafactor:
      var options = Adafactor.Options()
      options.beta1 = beta1
      (options.scalesByParameter, options.hasRelativeStep) = (false, false)
      return try Adafactor(groups, options)
    case .scheduleFree:
      var options = ScheduleFreeAdamW.Options()
      if let beta1, let beta2 { (options.beta1, options.beta2) = (beta1, beta2) }
      if let epsilon { options.epsilon = epsilon }
      options.warmup = warmupSteps
      return try ScheduleFreeAdamW(groups, options)
    }
  }
}

extension CastConfiguration.Training.Precision {
  /// The format that the model computes in.
  var scalarType: ScalarType {
    switch self {
    case .f32: .f32
    case .bf16: .bf16
    case .f16: .f16
    }
  }
}
