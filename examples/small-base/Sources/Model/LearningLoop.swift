import SafeTensors
import Torch
import Trainer

/// Optimiser, averages, rate, log and states of a run: what both trainings have in common.
final class LearningLoop {
  let average: MovingAverage
  private let optimiser: AdamW
  private let schedule: RateSchedule
  private let rate: Double
  private let clipping: GradientClipping
  private let folder: String
  private let name: String
  private let log: AppendingFile
  /// Steps that are done.
  private(set) var step = 0
  private var seconds = 0.0
  private var losses: [Double] = []

  /// Begins a run, or goes on where the folder's state stands.
  init(
    _ parameters: [NamedTensor], folder: String, name: String, steps: Int, rate: Double, shape: RateShape,
    decay: Double
  ) throws {
    (self.folder, self.name, self.rate) = (folder, name, rate)
    optimiser = try AdamW([ParameterGroup(name, parameters, rate: rate, weightDecay: 0.01)])
    average = try MovingAverage(parameters, decay: decay)
    schedule = try RateSchedule(shape, steps: steps, warmup: .steps(min(100, steps)))
    clipping = try GradientClipping(limit: 1)
    log = try AppendingFile(path: "\(folder)/\(name).jsonl")
    guard FolderContents.exists(statePath) else { return }
    let state = try StoredTensors(path: statePath)
    step = Int(try state.number("step", statePath))
    seconds = try state.number("seconds", statePath)
    try LearnedParameters.restore(parameters, state.tensors(under: "parameter:"))
    try optimiser.restore(state.tensors(under: "optimiser:"))
    try average.restore(state.tensors(under: "average:"), steps: step)
  }

  private var statePath: String { "\(folder)/\(name).state.safetensors" }

  /// Makes the steps that are left.
  /// - Parameters:
  ///   - loss: the loss of a step, by its number from 0.
  ///   - saved: called whenever the state has been written.
  func run(
    every interval: Int, loss: (Int) throws -> Tensor, saved: (Int) throws -> Void = { _ in }
  ) throws {
    let clock = ContinuousClock()
    while step < schedule.steps {
      let start = clock.now
      let value = try loss(step)
      try value.backward()
      let norm = try clipping.clip(optimiser.gradients)
      optimiser.groups[0].rate = rate * schedule.factor(at: step)
      if norm.isFinite { try optimiser.step() }
      try optimiser.clearGradients()
      try average.update()
      step += 1
      losses.append(try value.item())
      seconds += (clock.now - start) / .seconds(1)
      if step % 50 == 0 || step == schedule.steps { try report(norm) }
      if step % interval == 0 || step == schedule.steps {
        try save()
        try saved(step)
      }
    }
  }

  private func report(_ norm: Double) throws {
    func rounded(_ value: Double, _ digits: Double) -> Double { (value * digits).rounded() / digits }
    let line: JSONValue = .object([
      "step": .whole(step), "loss": .double(rounded(losses.reduce(0, +) / Double(losses.count), 1e5)),
      "rate": .double(rounded(optimiser.groups[0].rate, 1e7)), "norm": .double(rounded(norm, 1e3)),
      "seconds": .double(rounded(seconds, 10)),
    ])
    losses = []
    print(line.text)
    try log.append(Array("\(line.text)\n".utf8))
  }

  private func save() throws {
    var state = StoredTensors()
    state.numbers = ["step": Double(step), "seconds": seconds]
    state.add("parameter:", optimiser.parameters)
    state.add("average:", average.averages)
    state.add("optimiser:", try optimiser.state())
    try state.write(to: statePath)
  }
}
