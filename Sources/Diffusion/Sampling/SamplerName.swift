/// A sampler by the name it has on the command line.
public enum SamplerName: String, Sendable, Hashable, Codable, CaseIterable {
  /// ``DDIMSampler``.
  case ddim
  /// ``EulerSampler``.
  case euler
  /// ``EulerAncestralSampler``.
  case eulerAncestral = "euler-a"
  /// ``DPMSolverSampler``.
  case dpmSolver = "dpmpp-2m"

  /// AUTOMATIC1111's name, without the schedule.
  public var infotextName: String {
    switch self {
    case .ddim: "DDIM"
    case .euler: "Euler"
    case .eulerAncestral: "Euler a"
    case .dpmSolver: "DPM++ 2M"
    }
  }

  /// AUTOMATIC1111's name with the schedule where it is part of it, as in `DPM++ 2M Karras`.
  public func infotextName(_ schedule: SamplingSchedule) -> String {
    schedule.usesKarrasLevels ? infotextName + " Karras" : infotextName
  }

  /// Reads a name of the command line or of AUTOMATIC1111, with or without ` Karras` behind it.
  public init?(infotext: String) {
    let wanted = infotext.lowercased()
    guard
      let found = Self.allCases.first(where: { name in
        [name.rawValue, name.infotextName.lowercased(), name.infotextName.lowercased() + " karras"].contains(wanted)
      })
    else { return nil }
    self = found
  }

  /// Makes the sampler for one run.
  /// - Parameters:
  ///   - steps: how many times the network looks.
  ///   - schedule: at which times.
  ///   - configuration: the model's noise and what it predicts.
  ///   - eta: for ``ddim`` alone, how much of the noise is drawn anew at each step, from 0 to 1.
  /// - Throws: ``SamplingError`` when these do not go together.
  public func sampler(
    steps: Int, schedule: SamplingSchedule, for configuration: ScheduleConfiguration, eta: Double = 0
  ) throws(SamplingError) -> any Sampler {
    guard eta == 0 || self == .ddim else {
      throw SamplingError("eta belongs to the sampler 'ddim'; '\(rawValue)' has no such setting, leave it out")
    }
    return switch self {
    case .ddim: try DDIMSampler(steps: steps, schedule: schedule, for: configuration, eta: eta)
    case .euler: try EulerSampler(steps: steps, schedule: schedule, for: configuration)
    case .eulerAncestral: try EulerAncestralSampler(steps: steps, schedule: schedule, for: configuration)
    case .dpmSolver: try DPMSolverSampler(steps: steps, schedule: schedule, for: configuration)
    }
  }
}
