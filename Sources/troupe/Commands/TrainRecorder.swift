import Diffusion
import Images
import SafeTensors
import Trainer

/// Where the events of a run go: the terminal, the log, TensorBoard, and the report at the end.
final class TrainRecorder {
  private(set) var progress: ProgressLine
  private let plan: RunPlan
  private let model: DiffusionModel
  private let isQuiet: Bool
  private var log: RunLog?
  private var board: TensorBoardWriter?
  private var recent: [Int?: Double] = [:]
  private var validation: [Int: Double] = [:]
  private var leak: LeakMatrix?
  private var stopped: [Int: (best: Double, step: Int)] = [:]
  private var losses: [Double] = []
  private var seconds = 0.0
  private var paths: [String] = []
  private var previews: [String] = []
  private var finished = false
  private var firstStep = 0
  private var lastLine: ContinuousClock.Instant
  /// How often a run says how far it is where no progress line can.
  private static let lineEvery = Duration.seconds(60)

  init(_ plan: RunPlan, _ model: DiffusionModel, isQuiet: Bool) {
    (self.plan, self.model, self.isQuiet) = (plan, model, isQuiet)
    progress = ProgressLine("latents", unit: "pictures")
    lastLine = .now
  }

  /// Opens log and event files.
  func open(_ files: RunFiles, resumingAfter step: Int?) throws {
    log = try RunLog(path: files.log, resumingAfter: step ?? -1)
    if plan.cast.output.tensorBoard {
      try WholeFile.makeFolder(files.events)
      board = try TensorBoardWriter(
        folder: files.events,
        origin: .init(time: Terminal.now, host: Terminal.host, process: Terminal.process), resumingAfter: step)
    }
    for note in plan.notes { say("note: \(note)") }
  }

  private func say(_ text: String) { say(TextWrap.lines(Terminal.sanitised(text), hanging: 2)) }

  private func say(_ lines: [String]) {
    guard !isQuiet else { return }
    progress.finish()
    lines.forEach { print($0) }
    // Whoever follows a file wants to see lines as they come.
    Terminal.flushOutput()
  }

  private func name(_ number: Int) -> String { plan.members[number].name }

  private func named(_ numbers: [Int: Double]) -> [String: Double] {
    Dictionary(numbers.map { (name($0), $1) }, uniquingKeysWith: { first, _ in first })
  }

  private func board(_ scalars: [(tag: String, value: Double)], _ step: Int) throws {
    try board?.add(scalars: scalars, step: step, time: Terminal.now)
  }

  /// Takes an event.
  func note(_ event: RunEvent) throws {
    switch event {
    case .note(let text): say("note: \(text)")
    case .caching(let done, let count):
      if !isQuiet { progress.update(done, of: count) }
    case .started(let step, let count): try started(step, count)
    case .step(let record): try note(record)
    case .validation(let step, let losses):
      validation = losses
      let all = losses.values.reduce(0, +) / Double(max(1, losses.count))
      try log?.write(.validation(step, loss: all, characters: named(losses)))
      try board(losses.sorted { $0.key < $1.key }.map { ("held-out/\(name($0.key))", $0.value) }, step)
      say("step \(step): held-out loss " + list(losses))
    case .leak(let step, let matrix):
      leak = matrix
      try log?.write(.leak(step, characters: matrix.names, matrix: matrix.values))
      try board(
        matrix.values.enumerated().flatMap { i, row in
          row.enumerated().filter { $0.offset != i }.map {
            ("leak/\(matrix.names[i]) by \(matrix.names[$0.offset])", $0.element)
          }
        } + zip(matrix.names, matrix.generic).map { ("leak/\($0) without trigger", $1) }, step)
      if let worst = matrix.worst {
        say(
          "step \(step): leak at most \(Numbers.fixed(worst.value, 2)): \(matrix.names[worst.trigger])'s trigger draws "
            + matrix.names[worst.pictures])
      }
    case .preview(let step, let path):
      previews.append(path)
      try log?.write(.preview(step, files: [Self.file(path)]))
      if let board {
        let picture = try Picture(contentsOf: path)
        try board.add(
          picture: picture.encoded(as: .png), width: picture.width, height: picture.height, tag: "preview", step: step,
          time: Terminal.now)
      }
      say(["step \(step): preview \(Terminal.sanitised(path))"])
    case .checkpoint(let step, let paths):
      try log?.write(.checkpoint(step, files: paths.map(Self.file)))
      try log?.sync()
      say(["step \(step): saved"] + paths.map { "  \(Terminal.sanitised($0))" })
    case .stopped(let step, let character, let best, let bestStep):
      stopped[character] = (best, bestStep)
      try log?.write(.earlyStop(step, character: name(character), bestStep: bestStep, bestLoss: best))
      say("step \(step): \(name(character)) has learnt enough: held-out loss was least at step \(bestStep)")
    case .ended(let step, let finished, let paths):
      self.finished = finished
      self.paths = paths
      try log?.write(
        RunLogEntry(.end, step: step, ["finished": .flag(finished), "files": .texts(paths.map(Self.file))]))
      try log?.sync()
      try board?.sync()
      progress.finish()
    }
  }

  private func started(_ step: Int, _ count: Int) throws {
    firstStep = step
    progress.finish()
    progress = ProgressLine("training", unit: "steps")
    guard step == 0 else { return say("resuming after step \(step) of \(count)") }
    try log?.write(
      RunLogEntry(
        .start, step: 0,
        [
          "steps": .whole(count), "characters": .texts(plan.members.map(\.name)),
          "seed": .whole(plan.cast.training.seed),
          "pictures": .whole(plan.pictures.pictures.count),
        ]))
  }

  private func note(_ record: StepRecord) throws {
    losses.append(record.loss)
    seconds += record.seconds
    let own = record.terms[.target] ?? record.terms[.basePrediction] ?? [:]
    for (number, loss) in own {
      // A mean that follows: one sample of one time says little.
      recent[number] = recent[number].map { 0.95 * $0 + 0.05 * loss } ?? loss
    }
    var byTerm: [String: Double] = [:]
    for (term, means) in record.terms {
      byTerm[term.rawValue] = means.values.reduce(0, +) / Double(max(1, means.count))
    }
    var characters: [Int: Double] = [:]
    for (number, loss) in own { if let number { characters[number] = loss } }
    try log?.write(
      .step(
        record.step, loss: record.loss, losses: byTerm, characters: named(characters),
        rate: record.rates.first?.rate ?? 0, gradientNorm: record.isSkipped ? nil : record.gradientNorm))
    var scalars: [(tag: String, value: Double)] = [("loss/total", record.loss)]
    scalars += byTerm.sorted { $0.key < $1.key }.map { ("loss/\($0.key)", $0.value) }
    scalars += characters.sorted { $0.key < $1.key }.map { ("character/\(name($0.key))", $0.value) }
    scalars += record.rates.map { ("rate/\($0.name)", $0.rate) }
    if !record.isSkipped { scalars.append(("gradient/norm", record.gradientNorm)) }
    if let norm = record.greatestNorm { scalars.append(("network/greatest norm", norm)) }
    try board(scalars, record.step)
    if !isQuiet {
      var known: [Int: Double] = [:]
      for (number, loss) in recent { if let number { known[number] = loss } }
      let of = plan.cast.training.steps
      let loss = known.isEmpty ? "" : "loss " + list(known)
      progress.update(record.step, of: of, from: firstStep, note: Terminal.sanitised(loss))
      if !progress.isActive, .now - lastLine > Self.lineEvery {
        lastLine = .now
        say("step \(record.step) of \(of)" + (loss.isEmpty ? "" : ": \(loss)"))
      }
    }
  }

  private func list(_ losses: [Int: Double]) -> String {
    losses.sorted { $0.key < $1.key }.map { "\(name($0.key)) \(Numbers.fixed($0.value, 3))" }.joined(separator: ", ")
  }

  private static func file(_ path: String) -> String { path.split(separator: "/").last.map(String.init) ?? path }

  /// What the run came to.
  func report(_ run: TrainingRun, seconds all: Double) -> TrainReport {
    let exposure = plan.steps.exposure(steps: run.step)
    let used = TrainPlanReport.used(plan, exposure)
    let members = plan.members.indices.filter { used[$0] > 0 || plan.dataset == nil }
    return TrainReport(
      name: run.files.name, model: model.checkpoint.path, steps: run.step, of: run.steps, finished: finished,
      firstStep: firstStep,
      lastLoss: losses.isEmpty ? nil : losses.suffix(100).reduce(0, +) / Double(min(100, losses.count)),
      characters: members.map { number in
        TrainReport.Character(
          name: name(number), trigger: plan.members[number].word.trigger, samples: used[number], loss: recent[number],
          heldOutLoss: validation[number], stoppedAtBest: stopped[number]?.step)
      },
      leak: leak.map { TrainReport.Leak(characters: $0.names, matrix: $0.values, generic: $0.generic) }, files: paths,
      previews: previews, seconds: all, secondsPerStep: losses.isEmpty ? nil : seconds / Double(losses.count),
      layers: run.network.layers.count)
  }
}
