extension TrainingMetadata {
  /// The metadata of a file of a run.
  ///
  /// - Parameters:
  ///   - facts: how far the run is, and which file it is.
  ///   - base: the base model.
  ///   - session: the number that all files of the run share.
  ///   - version: Troupe's version.
  ///   - cachesLatents: whether latents are kept on the disk; nil where it is not to be told.
  public init(_ facts: RunFacts, base: BaseModel, session: String, version: String, cachesLatents: Bool? = nil) {
    let run = facts.plan
    let files = RunFiles(run)
    let own = files.loras[facts.character ?? 0]
    let file = File(
      name: own.isEmpty ? files.name : "\(files.name)-\(own)", character: facts.character, layers: facts.layers,
      version: version, cachesLatents: cachesLatents)
    let progress = Progress(
      steps: facts.step, startedAt: facts.started, finishedAt: facts.finished, session: session)
    switch (run.steps, run.dataset) {
    case (.cast(let sampler), _):
      self = .cast(
        run.cast, pictures: run.pictures, plan: sampler.plan, exposure: facts.exposure, base: base, progress: progress,
        file: file)
    case (.kohya(let sampler), let configuration?):
      self = .kohya(
        run.cast, configuration: configuration, pictures: run.pictures, sampler: sampler, exposure: facts.exposure,
        base: base, progress: progress, file: file)
    case (.kohya(let sampler), nil):
      self.init(
        cast: run.cast, dataset: TrainedDataset(pooled: run, sampler: sampler, character: facts.character),
        record: CastRecord(pooled: run, exposure: facts.exposure), base: base, progress: progress, file: file)
    }
  }
}
