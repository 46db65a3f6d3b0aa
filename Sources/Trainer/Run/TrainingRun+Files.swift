internal import Adapters
internal import Diffusion
internal import SafeTensors
internal import Torch

/// Why the files of a run keep it from beginning.
public struct RunFilesError: Error, Sendable, Hashable, CustomStringConvertible {
  /// Which kind of reason.
  public enum Kind: Sendable, Hashable {
    /// An earlier run of the name is in the way.
    case exists
    /// There is nothing to resume.
    case missing
    /// What is there to resume is of another run.
    case other
  }

  /// Which kind of reason.
  public var kind: Kind
  /// The sentence.
  public var description: String
}

/// What a run knows of itself when it writes a LoRA.
public struct RunFacts: Sendable {
  /// What is trained.
  public var plan: RunPlan
  /// The steps that are done.
  public var step: Int
  /// What was used how often so far.
  public var exposure: ExposureReport
  /// The character whose LoRA it is, by number; nil for one LoRA of all.
  public var character: Int?
  /// How many layers it has of each network: `unet`, `te1`, `te2`.
  public var layers: [String: Int]
  /// What all files of the run share.
  public var session: String
  /// When the run began, in seconds since 1970.
  public var started: Double
  /// Now.
  public var finished: Double
}

extension TrainingRun {
  /// Takes up the last state, or sees to it that nothing of an earlier run is in the way.
  func prepareFiles() throws {
    try files.check(resumes: options.resumes, replaces: options.replaces)
    if options.processes.isFirst {
      try WholeFile.makeFolder(files.folder)
      try files.removeLeftovers()
    }
    _ = try options.processes.gather([0])
    let states = try files.states()
    if options.resumes { return try resume(states) }
    guard options.processes.isFirst else { return }
    // TensorBoard would draw the curves of both runs over one another.
    let events =
      FolderContents.isFolder(files.events)
      ? try FolderContents.names(in: files.events).filter { $0.hasPrefix("events.out.tfevents.") } : []
    let old = try states.map(\.path) + files.checkpoints().map(\.path) + events.map { "\(files.events)/\($0)" }
    for path in old { try WholeFile.remove(path) }
  }

  private func resume(_ states: [(step: Int, path: String)]) throws {
    // A state is complete or not there; one that is damaged otherwise makes room for the one before it.
    var failure: (any Error)?
    for (_, path) in states {
      do {
        try restore(RunState(path: path))
        return
      } catch let error as SafeTensorsError {
        failure = failure ?? error
      }
    }
    if let failure { throw failure }
  }

  private func restore(_ state: RunState) throws {
    guard state.optimiser == plan.cast.training.optimizer.rawValue else {
      throw RunFilesError(
        kind: .other,
        description:
          "the state is of a run with optimizer = \"\(state.optimiser)\"; resume with that, or begin anew with --force")
    }
    let stored = state.tensors(under: "lora/")
    let own = network.parameters
    guard Set(stored.keys) == Set(own.map(\.name)), own.allSatisfy({ stored[$0.name]?.shape == $0.tensor.shape }) else {
      throw RunFilesError(
        kind: .other,
        description:
          "the state's LoRA has other layers, ranks or characters than [network] says; restore them, or begin anew with "
          + "--force")
    }
    do { try source.restore(state.sampler) } catch { throw RunFilesError(kind: .other, description: "\(error)") }
    try withoutGradients {
      for parameter in own { if let value = stored[parameter.name] { try parameter.tensor.assign(value) } }
    }
    try optimiser.restore(state.tensors(under: "optimiser/"))
    if let average { try average.restore(state.tensors(under: "average/"), steps: state.averaged) }
    if let numbers = state.scaler { scaler?.restore(factor: numbers.factor, goodSteps: numbers.goodSteps) }
    if state.members.count == stopping.members.count { stopping.members = state.members }
    let best = state.tensors(under: "best/")
    for number in 0..<network.count {
      let names = network.layers.flatMap { layer in ["down", "up"].map { CastNetwork.name(number, layer.path, $0) } }
      let values = names.compactMap { best[$0] }
      if values.count == names.count {
        self.best[number] = try values.map { (tensor) throws(TorchError) in try tensor.to(model.precision.device) }
      }
    }
    (session, started) = (state.session, state.started)
    (step, savedStep) = (state.step, state.step)
    exposure = plan.steps.exposure(steps: step)
  }

  /// Writes the state, then removes older ones.
  func saveState() throws {
    // Nobody writes over what others are still reading.
    defer { savedStep = step }
    guard options.processes.isFirst else { return }
    var state = RunState()
    (state.step, state.sampler, state.optimiser) = (step, source.state, plan.cast.training.optimizer.rawValue)
    (state.session, state.started) = (session, started)
    (state.members, state.averaged) = (stopping.members, average?.steps ?? 0)
    state.scaler = scaler.map { ($0.factor, $0.goodSteps) }
    state.tensors = network.parameters.map { ("lora/\($0.name)", $0.tensor) }
    state.tensors += try optimiser.state().map { ("optimiser/\($0.name)", $0.tensor) }
    state.tensors += average?.averages.map { ("average/\($0.name)", $0.tensor) } ?? []
    for (number, values) in best.sorted(by: { $0.key < $1.key }) {
      let names = network.layers.flatMap { layer in ["down", "up"].map { CastNetwork.name(number, layer.path, $0) } }
      state.tensors += zip(names, values).map { ("best/\($0)", $1) }
    }
    let path = files.state(step)
    try state.write(to: path)
    for older in try files.states() where older.path != path { try WholeFile.remove(older.path) }
  }

  /// Writes the LoRAs as they are now under names with the step, and removes the oldest where only some are kept.
  func saveCheckpoint() throws {
    guard options.processes.isFirst else { return }
    let paths = try writeLoRAs(step: step)
    if let keep = plan.cast.output.keep {
      let steps = Set(try files.checkpoints().map(\.step)).sorted().dropLast(keep)
      for old in try files.checkpoints() where steps.contains(old.step) { try WholeFile.remove(old.path) }
    }
    try tell(.checkpoint(step: step, paths: paths))
  }

  /// Writes the LoRAs under their own names, and the state that a longer run goes on from.
  func finish() throws {
    try saveState()
    var paths: [String] = []
    if options.processes.isFirst { paths = try writeLoRAs(step: nil) }
    try tell(.ended(step: step, finished: true, paths: paths))
  }

  private func writeLoRAs(step: Int?) throws -> [String] {
    let writer = LoRAFile(architecture: model.configuration.family, format: plan.cast.output.format)
    return try evaluating {
      try (0..<network.count).map { index in
        let path = files.lora(index, step: step)
        let facts = RunFacts(
          plan: plan, step: self.step, exposure: exposure,
          character: plan.cast.network.mode == .separate ? index : nil,
          layers: network.layers.reduce(into: [:]) { $0[$1.path.part.rawValue, default: 0] += 1 }, session: session,
          started: started, finished: options.now())
        try writer.write(network, index, metadata: try options.metadata(facts), to: path)
        return path
      }
    }
  }
}
