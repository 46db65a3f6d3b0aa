public import Diffusion

/// From which distance on Huber losses count it linearly, by time; sd-scripts' schedules of `huber_c`.
public struct HuberThreshold: Sendable, Hashable {
  /// How the threshold changes over times.
  public enum Course: String, Sendable, Hashable, CaseIterable {
    /// `(1−h)/(1+σ)² + h`: from 1 where there is little noise to h.
    case signal = "snr"
    /// `exp(t/T · ln h)`.
    case exponential
    /// `h`.
    case constant
  }

  /// How it changes.
  public let course: Course
  /// `h`, above 0.
  public let least: Double
  /// What the threshold is multiplied by, above 0.
  public let scale: Double

  /// sd-scripts' defaults.
  public init(_ course: Course = .signal, least: Double = 0.1, scale: Double = 1) throws(OptimisationError) {
    guard least > 0, scale > 0, least.isFinite, scale.isFinite else {
      throw OptimisationError("the Huber threshold is \(least) times \(scale); both must be above 0")
    }
    self.course = course
    self.least = least
    self.scale = scale
  }

  /// The threshold at a time.
  public func value(at time: Int, _ schedule: NoiseSchedule) -> Double {
    switch course {
    case .constant: return least * scale
    case .exponential:
      return ElementaryFunctions.power(least, Double(time) / Double(schedule.times)) * scale
    case .signal:
      let noise = 1 + schedule.sigma(at: Double(time))
      return ((1 - least) / (noise * noise) + least) * scale
    }
  }
}
