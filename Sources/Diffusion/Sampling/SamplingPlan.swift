/// The times and noise levels of one run, known before it starts.
public struct SamplingPlan: Sendable, Hashable {
  /// One look of the network.
  public struct Step: Sendable, Hashable {
    /// From 0 on.
    public let index: Int
    /// The time that the network is told, from 0 (clean) to 999; not whole for every sampler.
    public let time: Double
    /// The noise level `σ = √((1−ᾱ)/ᾱ)` before the step; infinite at pure noise.
    public let sigma: Double
    /// The noise level after the step.
    public let nextSigma: Double
  }

  /// The sampler.
  public let sampler: SamplerName
  /// Its schedule.
  public let schedule: SamplingSchedule
  /// The steps in their order.
  public let steps: [Step]
  /// What the first noise, of variance 1, is multiplied by.
  public let initialScale: Double

  /// Checks and numbers the steps.
  /// - Parameters:
  ///   - levels: one more than times: the last is the level after the last step.
  ///   - limit: the number of times of the model.
  init(
    _ sampler: SamplerName, _ schedule: SamplingSchedule, times: [Double], levels: [Double], initialScale: Double,
    limit: Int
  ) throws(SamplingError) {
    let falls = zip(levels, levels.dropFirst()).allSatisfy { $0 > $1 }
    guard falls, times.allSatisfy({ (0...Double(limit - 1)).contains($0) }) else {
      throw SamplingError(
        "\(times.count) steps of '\(sampler.rawValue)' with schedule '\(schedule.rawValue)' do not fit into the "
          + "\(limit) times that the model knows; take fewer steps")
    }
    self.sampler = sampler
    self.schedule = schedule
    self.initialScale = initialScale
    steps = times.indices.map {
      Step(index: $0, time: times[$0], sigma: levels[$0], nextSigma: levels[$0 + 1])
    }
  }

  /// Refuses numbers of steps that no sampler can take.
  static func check(steps: Int, limit: Int) throws(SamplingError) {
    guard (1...limit).contains(steps) else {
      throw SamplingError("the number of sampling steps is from 1 to \(limit), not \(steps)")
    }
  }
}
