internal import Diffusion
internal import Torch

extension TrainingRun {
  /// Takes one step: gradients of all batches, the optimiser, and what is due after it.
  func take(_ next: StepPlan) throws {
    let clock = ContinuousClock()
    let start = clock.now
    try optimiser.clearGradients()
    let preserves = step.isMultiple(of: plan.cast.losses.preservationEvery)
    var sums = TermSums(characters: plan.members.count)
    var loss = 0.0
    for batch in next.batches {
      let active = batch.filter { !isStopped($0) }
      let samples = try options.processes.share(of: active).map {
        try preparer.prepared($0, epoch: source.epoch(of: $0), step: step)
      }
      let report = try objective.accumulate(
        samples, divisor: next.divisor, scale: scaler?.factor ?? 1, preserves: preserves)
      loss += report.total
      sums.add(report, samples)
    }
    // A LoRA whose training has ended stays as it is, also where it stands by.
    for lora in 0..<network.count where isFrozen(lora) {
      for tensor in network.parameters(ofLoRA: lora) { try tensor.setGradient(nil) }
    }
    try options.processes.sumGradients(parameters)
    if options.processes.count > 1 {
      let all = try options.processes.gather([loss] + sums.numbers)
      loss = all.reduce(0) { $0 + $1[0] }
      sums.replace(all.map { Array($0.dropFirst()) })
    }
    var record = StepRecord(
      step: step + 1, loss: loss, terms: sums.means, rates: [], gradientNorm: 0, isSkipped: false, greatestNorm: nil,
      seconds: 0, samples: next.divisor)
    try update(&record)
    step += 1
    exposure.add(next)
    record.seconds = (clock.now - start) / .seconds(1)
    try tell(.step(record))
    try afterStep()
  }

  /// Whether a sample is of a character whose training has ended.
  private func isStopped(_ sample: Sample) -> Bool {
    guard case .character(let number) = plan.role(of: sample), stopping.members.indices.contains(number) else {
      return false
    }
    return stopping.members[number].isStopped
  }

  /// Whether a LoRA is one character's alone whose training has ended.
  private func isFrozen(_ lora: Int) -> Bool {
    plan.cast.network.mode == .separate && stopping.members[lora].isStopped
  }

  /// Changes the parameters by their gradients.
  private func update(_ record: inout StepRecord) throws {
    let gradients = optimiser.gradients
    for index in optimiser.groups.indices {
      optimiser.groups[index].rate = rates[index] * schedule.factor(at: step)
      record.rates.append((optimiser.groups[index].name, optimiser.groups[index].rate))
    }
    var isFinite = true
    if let scaler { isFinite = try scaler.unscale(gradients) }
    if isFinite {
      record.gradientNorm = try clipping?.clip(gradients) ?? GradientClipping.norm(gradients)
      isFinite = record.gradientNorm.isFinite
      guard isFinite || scaler != nil else {
        throw OptimisationError(
          "the gradient is not finite; lower the learning rate, or take bf16 or f32", kind: .computation)
      }
    }
    if isFinite {
      try optimiser.step()
      if let maximum {
        // Rounding would move a LoRA that is to stay as it is.
        let learning = (0..<network.count).filter { !isFrozen($0) }
        let factors = network.layers.flatMap { layer in
          layer.factors.picked(learning).map { MaximumNorm.Factors(up: $0.up, down: $0.down, scale: $0.scale) }
        }
        record.greatestNorm = try maximum.apply(factors).greatest
      }
      try average?.update()
    }
    record.isSkipped = !isFinite
    scaler?.update(finite: isFinite)
    if let scaler, scaler.factor < 1e-4 {
      throw OptimisationError(
        "f16 overflows however small the loss is made; take precision = \"bf16\" or \"f32\"", kind: .computation)
    }
  }

  /// What is due after a step: measurements, pictures, files.
  private func afterStep() throws {
    let (training, preview, output) = (plan.cast.training, plan.cast.preview, plan.cast.output)
    if !plan.heldOut.isEmpty, isDue(training.validationEvery) || step == steps { try validate() }
    if isDue(preview.leakEvery) { try measureLeak() }
    if isDue(preview.every) { try drawPreviews() }
    if isDue(output.every), step < steps { try saveCheckpoint() }
    if isDue(output.stateEvery ?? output.every), step < steps { try saveState() }
  }

  /// Whether something that is done every so many steps is done after this one.
  func isDue(_ every: Int) -> Bool { every > 0 && step.isMultiple(of: every) }

  // MARK: - Measuring

  /// Runs `body` with the weights that are to be used: averages, or the schedule-free optimiser's own.
  ///
  /// Training goes on with exactly the numbers it had.
  func evaluating<Result>(_ body: () throws -> Result) throws -> Result {
    if let average { return try average.lent { try withBest(body) } }
    guard optimiser is ScheduleFreeAdamW else { return try body() }
    // There and back again would round.
    let kept = try withoutGradients { try parameters.map { try $0.detached().copied() } }
    func goBack() throws {
      try optimiser.enterTraining()
      try withoutGradients { for (parameter, value) in zip(parameters, kept) { try parameter.assign(value) } }
    }
    try optimiser.enterEvaluation()
    do {
      let result = try withBest(body)
      try goBack()
      return result
    } catch {
      try goBack()
      throw error
    }
  }

  /// Gives LoRAs whose training has ended their best values, which averages and means do not know.
  private func withBest<Result>(_ body: () throws -> Result) throws -> Result {
    for (number, member) in stopping.members.enumerated() where member.isStopped { try restoreBest(of: number) }
    return try body()
  }

  private func restoreBest(of number: Int) throws {
    guard let values = best[number] else { return }
    try withoutGradients {
      for (parameter, value) in zip(network.parameters(ofLoRA: number), values) { try parameter.assign(value) }
    }
  }

  /// Measures held-out pictures, and ends the training of characters that no longer learn.
  func validate() throws {
    let losses = try evaluating { try HeldOutLoss(objective, preparer).losses(plan, processes: options.processes) }
    try tell(.validation(step: step, losses: losses))
    let (improved, ended) = stopping.note(losses, step: step)
    if plan.cast.network.mode == .separate, stopping.patience != nil {
      for number in improved {
        best[number] = try evaluating {
          try withoutGradients { try network.parameters(ofLoRA: number).map { try $0.detached().copied() } }
        }
      }
      for number in ended { try restoreBest(of: number) }
    }
    for number in ended {
      let member = stopping.members[number]
      try tell(.stopped(step: step, character: number, best: member.best, bestStep: member.bestStep))
    }
  }

  /// Measures how far triggers draw other characters.
  func measureLeak() throws {
    guard plan.members.count > 0, options.processes.isFirst else { return }
    try tell(.leak(step: step, try evaluating { try LeakMatrix(objective, preparer, plan) }))
  }
}

/// Sums of the losses of a step, by term and character.
struct TermSums {
  private var sums: [Double]
  private var counts: [Double]
  private let width: Int

  init(characters: Int) {
    // The last column is that of groups and regularisation.
    width = characters + 1
    sums = [Double](repeating: 0, count: LossTerm.allCases.count * width)
    counts = sums
  }

  mutating func add(_ report: CastObjective.Report, _ samples: [TrainingSample]) {
    for (row, term) in LossTerm.allCases.enumerated() {
      for (sample, value) in zip(samples, report.terms[term] ?? []) {
        // A picture term of a sample that is held to the base is no number of its own.
        if term == .target, sample.target == .base { continue }
        if term == .basePrediction, sample.target == .picture { continue }
        guard let value else { continue }
        sums[row * width + (sample.character ?? width - 1)] += value
        counts[row * width + (sample.character ?? width - 1)] += 1
      }
    }
  }

  /// The numbers, to be exchanged between processes.
  var numbers: [Double] { sums + counts }

  /// Takes the sums of all processes.
  mutating func replace(_ all: [[Double]]) {
    let count = sums.count
    sums = (0..<count).map { index in all.reduce(0) { $0 + $1[index] } }
    counts = (0..<count).map { index in all.reduce(0) { $0 + $1[count + index] } }
  }

  /// The means; what no sample has is left out.
  var means: [LossTerm: [Int?: Double]] {
    var result: [LossTerm: [Int?: Double]] = [:]
    for (row, term) in LossTerm.allCases.enumerated() {
      for column in 0..<width where counts[row * width + column] > 0 {
        result[term, default: [:]][column == width - 1 ? nil : column] =
          sums[row * width + column] / counts[row * width + column]
      }
    }
    return result
  }
}
