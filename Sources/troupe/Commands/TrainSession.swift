import Diffusion
import Images
import Torch
import Trainer

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// A run from the command line: the model, the run, and where its events go.
struct TrainSession {
  private let setup: TrainSetup
  private let device: Device?
  private let processes: any RunProcesses
  private let json: Bool

  init(_ setup: TrainSetup, device: Device?, processes: any RunProcesses, json: Bool) {
    (self.setup, self.device, self.processes, self.json) = (setup, device, processes, json)
  }

  /// Trains.
  func run(resumes: Bool, replaces: Bool) throws -> TrainReport {
    let start = ContinuousClock.now
    // Before a model is read and pictures are drawn for hours.
    try RunFiles(setup.cast).check(resumes: resumes, replaces: replaces)
    _ = try setup.plan()
    let checkpoint = try setup.cast.openCheckpoint()
    let model = try setup.cast.loadModel(checkpoint, on: device, environment: Terminal.variable)
    let drawing = ProgressLine("drawing regularisation", unit: "pictures")
    defer { drawing.finish() }
    let plan = try setup.plan(model, processes: processes) { done, count in
      if StopRequests.isRequested { throw CancellationError() }
      drawing.update(done, of: count)
    }
    drawing.finish()

    let recorder = TrainRecorder(plan, model, isQuiet: json || processes.rank > 0)
    var options = TrainingRun.Options()
    (options.resumes, options.replaces, options.processes) = (resumes, replaces, processes)
    options.cache = setup.cache
    options.session = "\(UInt32.random(in: .min ... .max))"
    let base = TrainingMetadata.BaseModel(
      path: checkpoint.path, model: model.configuration, vae: setup.cast.model.vae)
    let caches = setup.cache != nil
    options.metadata = {
      TrainingMetadata($0, base: base, session: $0.session, version: Troupe.version, cachesLatents: caches).entries
    }
    options.now = { Terminal.now }
    options.shouldStop = { StopRequests.isRequested }
    let run = try TrainingRun(plan, model, options) { try recorder.note($0) }
    if processes.rank == 0 { try recorder.open(run.files, resumingAfter: resumes ? run.step : nil) }
    do { try run.run() } catch {
      recorder.progress.finish()
      throw error
    }
    return recorder.report(run, seconds: (ContinuousClock.now - start) / .seconds(1))
  }
}
