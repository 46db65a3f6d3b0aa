/// Where a run of few steps looks at the times a model was trained on.
///
/// Spacings as in table 2 of Lin et al. (arXiv 2305.08891), with diffusers' conventions.
public enum SamplingSchedule: String, Sendable, Hashable, Codable, CaseIterable {
  /// Whole multiples from time 1 on; begins below the last time. The default of Stable Diffusion and SDXL.
  case normal
  /// Whole multiples down from the last time, which models with zero terminal SNR need.
  case trailing
  /// Evenly from the last time to the first.
  case linspace
  /// Noise levels of Karras et al. (arXiv 2206.00364, equation 5, ρ = 7), dense where there is little noise.
  case karras
  /// Karras' levels between the ends of ``trailing``.
  case karrasTrailing = "karras-trailing"
  /// Karras' levels between the ends of ``linspace``.
  case karrasLinspace = "karras-linspace"

  /// How whole times are spaced.
  enum Spacing: Sendable, Hashable { case leading, trailing, linspace }

  var spacing: Spacing {
    switch self {
    case .normal, .karras: .leading
    case .trailing, .karrasTrailing: .trailing
    case .linspace, .karrasLinspace: .linspace
    }
  }

  /// Whether noise levels are Karras'.
  public var usesKarrasLevels: Bool {
    switch self {
    case .karras, .karrasTrailing, .karrasLinspace: true
    case .normal, .trailing, .linspace: false
    }
  }

  /// What fits a model: ``trailing`` with zero terminal SNR, because only it begins at pure noise; else ``normal``.
  public static func standard(for configuration: ScheduleConfiguration) -> SamplingSchedule {
    configuration.zeroTerminalSNR ? .trailing : .normal
  }

  /// AUTOMATIC1111's nearest schedule type.
  public var infotextName: String {
    switch self {
    case .normal: "DDIM"
    case .trailing: "SGM Uniform"
    case .linspace: "Uniform"
    case .karras, .karrasTrailing, .karrasLinspace: "Karras"
    }
  }

  /// Reads what AUTOMATIC1111 says: the schedule type, or ` Karras` behind the sampler in older versions.
  /// - Returns: nil for a schedule type that has no counterpart here.
  public init?(infotextSampler sampler: String, type: String? = nil) {
    if sampler.lowercased().hasSuffix(" karras") {
      self = .karras
      return
    }
    guard let type, type != "Automatic" else {
      self = .normal
      return
    }
    guard let found = Self.allCases.first(where: { $0.infotextName.lowercased() == type.lowercased() }) else {
      return nil
    }
    self = found
  }
}
