/// Where a run's steps come from: Troupe's sampler, or sd-scripts'.
public enum StepSource: Sendable, Hashable {
  /// Every step holds every character.
  case cast(CastSampler)
  /// As sd-scripts does.
  case kohya(KohyaSampler)

  /// The next step; nil when there is nothing to draw.
  public mutating func next() -> StepPlan? {
    switch self {
    case .cast(var sampler):
      let plan = sampler.next()
      self = .cast(sampler)
      return plan.batches.isEmpty ? nil : plan
    case .kohya(var sampler):
      let plan = sampler.next()
      self = .kohya(sampler)
      return plan
    }
  }

  /// The epoch of a sample: how often its source has gone round its pictures, counted from 1.
  public func epoch(of sample: Sample) -> Int {
    switch self {
    case .cast: sample.use + 1
    case .kohya(let sampler): sampler.epoch
    }
  }

  /// An exact dry run of the next steps.
  public func exposure(steps: Int) -> ExposureReport {
    switch self {
    case .cast(let sampler): ExposureReport(of: sampler, steps: steps)
    case .kohya(let sampler): ExposureReport(of: sampler, steps: steps)
    }
  }

  /// Where it is, as JSON text, for ``restore(_:)``.
  public var state: String {
    switch self {
    case .cast(let sampler): sampler.state
    case .kohya(let sampler): sampler.state
    }
  }

  /// Goes where a source of the same run was.
  /// - Throws: ``SamplerStateError``; the source is then as it was.
  public mutating func restore(_ state: String) throws(SamplerStateError) {
    switch self {
    case .cast(var sampler):
      try sampler.restore(state)
      self = .cast(sampler)
    case .kohya(var sampler):
      try sampler.restore(state)
      self = .kohya(sampler)
    }
  }
}
