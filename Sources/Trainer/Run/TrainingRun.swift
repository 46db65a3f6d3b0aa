internal import Adapters
public import Diffusion
internal import SafeTensors
internal import Torch

/// A run: a cast trained on a model, from its first step or from where it was stopped.
///
/// It belongs to one task at a time. With the same configuration, pictures and machine it takes the same steps, bit for
/// bit on the CPU, whether it is stopped and resumed or not.
public final class TrainingRun {
  /// What a run needs to know that no configuration says.
  public struct Options: Sendable {
    /// Whether the run goes on from its last state.
    public var resumes = false
    /// Whether files of an earlier run may be replaced.
    public var replaces = false
    /// Where latents and embeddings are kept; nil keeps none.
    public var cache: String?
    /// The processes that share the run.
    public var processes: any RunProcesses = SingleProcess()
    /// What is written into the metadata of LoRA files.
    public var metadata: @Sendable (RunFacts) throws -> [String: String] = { _ in [:] }
    /// What all files of the run are told to belong to; a resumed run keeps its first.
    public var session = ""
    /// Seconds since 1970.
    public var now: @Sendable () -> Double = { 0 }
    /// Whether the run shall end after this step, with its state kept.
    public var shouldStop: @Sendable () -> Bool = { false }

    /// A run in one process that begins anew.
    public init() {}
  }

  /// What is trained.
  public let plan: RunPlan
  /// The LoRAs.
  public let network: CastNetwork
  /// The files.
  public let files: RunFiles
  let model: DiffusionModel
  let options: Options
  let tell: (RunEvent) throws -> Void
  let objective: CastObjective
  let preparer: SamplePreparer
  let schedule: RateSchedule
  var optimiser: any Optimiser
  let rates: [Double]
  private let fullRank: Int
  let parameters: [Tensor]
  let average: MovingAverage?
  let clipping: GradientClipping?
  let maximum: MaximumNorm?
  var scaler: LossScaler?
  var source: StepSource
  var stopping: EarlyStopping
  /// The steps that are done.
  public internal(set) var step = 0
  var savedStep = -1
  /// The best factors so far of each LoRA of a cast apart, while characters may stop early.
  var best: [Int: [Tensor]] = [:]
  var started: Double
  var session: String
  var exposure: ExposureReport

  /// Makes everything ready for the first step: LoRAs, optimiser, caches; and takes up the last state where asked.
  ///
  /// - Parameters:
  ///   - plan: what is trained.
  ///   - model: the base model, in the precision that it shall compute in.
  ///   - tell: is told how the run goes on; what it throws ends the run.
  /// - Throws: ``OptimisationError`` for numbers that do not fit one another; ``RunFilesError`` for files that are in the
  ///   way or missing; errors of files and networks.
  public init(
    _ plan: RunPlan, _ model: DiffusionModel, _ options: Options, tell: @escaping (RunEvent) throws -> Void
  ) throws {
    (self.plan, self.model, self.options, self.tell) = (plan, model, options, tell)
    let cast = plan.cast
    let device = model.precision.device
    let seed = UInt64(cast.training.seed)
    files = RunFiles(plan)
    try plan.checkSizes()
    started = options.now()
    session = options.session

    let parts = cast.training.parts(hasSecondEncoder: model.textEncoder2 != nil)
    let selection = try LayerSelection(model.sites, cast.network, parts: parts)
    fullRank = selection.fullRank
    let names = cast.network.mode == .separate ? plan.members.map(\.name) : ["cast"]
    let first = try cast.network.continues.map {
      try ContinuedLoRA.read(cast.path(of: $0), selection, count: names.count)
    }
    network = try CastNetwork(selection, cast.network, names: names, seed: seed, on: device, first: first ?? [])

    guard case .full(let vae) = model.decoder else {
      throw OptimisationError("training needs a whole autoencoder; a TAESD has no encoder that is exact enough")
    }
    let fingerprint = try ModelFingerprint(model, vae: cast.model.vae.map { cast.path(of: $0) })
    let folder = CacheFolder(options.cache)
    let encoder: CaptionEncoder
    do { encoder = try CaptionEncoder(model, layer: cast.model.clipSkip, tokens: cast.model.tokens) } catch let error
      as TextConditioningError
    { throw OptimisationError("[model] clip_skip: \(error)") }
    let masks = plan.subsets.filter(\.images.masks)
    let losses = try LossPlan(
      cast.losses, crossPrior: cast.crossPrior, masks: !masks.isEmpty,
      normalisesMasks: masks.first?.images.normalisesMasks ?? true)
    objective = try CastObjective(
      model, network, encoder, losses, recomputation: cast.training.checkpointing ? .everything : .nothing,
      cache: folder, fingerprint: "\(fingerprint.text) \(cast.model.clipSkip ?? 0)")
    preparer = try SamplePreparer(
      plan, LatentCache(vae, fingerprint: fingerprint.vae, folder: folder), objective.schedule,
      scaling: vae.configuration.scalingFactor)

    let loras = network
    let groups = ModelPart.allCases.compactMap { part -> ParameterGroup? in
      let parameters = loras.parameters(of: part)
      return parameters.isEmpty
        ? nil
        : ParameterGroup(
          part.label, parameters, rate: cast.training.rate(of: part), weightDecay: cast.training.weightDecay)
    }
    schedule = try cast.training.rateSchedule()
    optimiser = try cast.training.makeOptimiser(groups)
    rates = groups.map(\.rate)
    parameters = groups.flatMap { $0.parameters.map(\.tensor) }
    average = cast.training.ema > 0 ? try MovingAverage(network.parameters, decay: cast.training.ema) : nil
    clipping = cast.training.gradientClip > 0 ? try GradientClipping(limit: cast.training.gradientClip) : nil
    maximum = try cast.network.maxNorm.map { (limit) throws(OptimisationError) in try MaximumNorm(limit: limit) }
    scaler = model.precision.type == .f16 ? try LossScaler() : nil
    source = plan.steps
    stopping = EarlyStopping(
      patience: plan.heldOut.isEmpty ? nil : cast.training.patience, count: plan.members.count)
    exposure = plan.steps.exposure(steps: 0)
    try checkPreviews()
    try prepareFiles()
  }

  /// The steps of the whole run.
  public var steps: Int { plan.cast.training.steps }

  /// Trains until every step is taken, every character has stopped, or somebody asks for the end.
  ///
  /// - Throws: what ends it early. After a loss that is not finite the last good state is on disk.
  public func run() throws {
    if plan.cast.network.rank > fullRank {
      try tell(
        .note(
          "rank = \(plan.cast.network.rank) is above the full rank of every layer, \(fullRank) at most; a smaller one holds "
            + "as much."))
    }
    try cacheLatents()
    if try isAskedToStop() { return try stop() }
    if step == 0, plan.cast.preview.first { try drawPreviews() }
    try tell(.started(step: step, of: steps))
    // What was interrupted while it was drawn.
    if step > 0, isDue(plan.cast.preview.every), !FolderContents.exists(files.preview(step)) { try drawPreviews() }
    while step < steps, !stopping.allStopped || stopping.patience == nil {
      let before = (step: step, source: source)
      guard let next = source.next() else {
        throw OptimisationError("there is nothing to train on; check the pictures of each subset")
      }
      do { try take(next) } catch let error as OptimisationError where step == before.step {
        // The parameters are still those of the last whole step, and whoever resumes draws this one again.
        source = before.source
        if step > max(savedStep, 0),
          try parameters.allSatisfy({ (tensor) throws(TorchError) in try tensor.allFinite() })
        {
          try saveState()
        }
        let advice = step == 0 ? "; in the first step the base model itself may be damaged" : ""
        throw error.kind == .request
          ? error : OptimisationError("step \(step + 1): \(error.message)\(advice)", kind: .computation)
      }
      // After its last step the run is over, whoever asks.
      if step < steps, try isAskedToStop() { return try stop() }
    }
    try finish()
  }

  /// Ends the run with its state kept.
  private func stop() throws {
    try saveState()
    try tell(.ended(step: step, finished: false, paths: []))
  }

  /// Whether somebody asked any of the processes for the end: all end after the same step.
  private func isAskedToStop() throws -> Bool {
    let isAsked = options.shouldStop()
    guard options.processes.count > 1 else { return isAsked }
    return try options.processes.gather([isAsked ? 1 : 0]).contains { $0[0] > 0 }
  }

  /// Brings pictures to latents before the first step, so that a damaged one is found now.
  private func cacheLatents() throws {
    let views = plan.pictures.pictures.indices.flatMap { number in plan.views(of: number).map { (number, $0) } }
    let own = options.processes.share(of: views)
    for (index, (number, view)) in own.enumerated() {
      let picture = plan.pictures.pictures[number]
      _ = try preparer.latents.entry(picture.path, rule: plan.subsets[picture.subset].images, view: view)
      try tell(.caching(index + 1, of: own.count))
      if options.shouldStop() { break }
    }
    // The others read what this process has stored.
    _ = try options.processes.gather([0])
  }
}

extension RunPlan {
  /// Every view of a picture that the run may show, at each resolution and both ways round; none where crops are random.
  func views(of number: Int) -> [PictureView] {
    let picture = pictures.pictures[number]
    let rule = subsets[picture.subset].images
    guard rule.crop != .random else { return [] }
    return placements(of: number).flatMap { placement in
      (rule.flips ? [false, true] : [false]).map { flipped in
        PictureView(placement: placement, window: placement.centred, isFlipped: flipped, offsets: rule.offsets)
      }
    }
  }
}
