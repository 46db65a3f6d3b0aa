/// How much of a picture is left at each time: `x_t = √ᾱ_t x₀ + √(1−ᾱ_t) ε`.
///
/// In double precision, as training and measuring want it. Samplers keep tables in single precision of their own
/// (``SinglePrecisionTables`` says why).
public struct NoiseSchedule: Sendable, Hashable {
  /// What it was made from.
  public let configuration: ScheduleConfiguration
  /// The variance of the noise that each time adds, `β`.
  public let betas: [Double]
  /// What is left of the picture's variance, `ᾱ_t = Π (1 − β)`, falling with time.
  public let alphaBars: [Double]
  /// The noise levels `σ_t = √((1−ᾱ_t)/ᾱ_t)`, growing with time; the last is infinite with zero terminal SNR.
  public let sigmas: [Double]
  // Logarithms of the levels with the last one capped, to look times up.
  private let logSigmas: [Double]

  /// What stands for the infinite level of zero terminal SNR where a number is needed: ᾱ = 2⁻²⁴, as in diffusers.
  public static let greatestSigma = (0x1p24 - 1).squareRoot()

  /// Makes the tables.
  ///
  /// Zero terminal SNR shifts and scales `√ᾱ` so that the last is 0 and the first stays (Lin et al., arXiv 2305.08891,
  /// algorithm 1).
  /// - Throws: ``SamplingError`` when there are fewer than two times, or betas are not rising within (0, 1).
  public init(_ configuration: ScheduleConfiguration) throws(SamplingError) {
    let betas = try Self.betas(configuration)
    var left = 1.0
    var alphaBars = betas.map { beta in
      left *= 1 - beta
      return left
    }
    self.configuration = configuration
    if configuration.zeroTerminalSNR {
      let roots = alphaBars.map { $0.squareRoot() }
      let (first, last) = (roots[0], roots[roots.count - 1])
      alphaBars = roots.map { root in
        let scaled = (root - last) * first / (first - last)
        return scaled * scaled
      }
      self.betas = alphaBars.indices.map { $0 == 0 ? 1 - alphaBars[0] : 1 - alphaBars[$0] / alphaBars[$0 - 1] }
    } else {
      self.betas = betas
    }
    self.alphaBars = alphaBars
    sigmas = alphaBars.map { ((1 - $0) / $0).squareRoot() }
    logSigmas = sigmas.map { SamplingMath.log(min($0, Self.greatestSigma)) }
  }

  private static func betas(_ configuration: ScheduleConfiguration) throws(SamplingError) -> [Double] {
    try check(configuration)
    let (start, end) = (configuration.betaStart, configuration.betaEnd)
    let last = Double(configuration.times - 1)
    return (0..<configuration.times).map { time in
      switch configuration.growth {
      case .linear: return start + (end - start) * Double(time) / last
      case .scaledLinear:
        let root = start.squareRoot() + (end.squareRoot() - start.squareRoot()) * Double(time) / last
        return root * root
      }
    }
  }

  /// Refuses numbers that make no schedule.
  static func check(_ configuration: ScheduleConfiguration) throws(SamplingError) {
    guard (2...1_000_000).contains(configuration.times) else {
      throw SamplingError("a noise schedule has 2 to 1000000 times (usually 1000), not \(configuration.times)")
    }
    let (start, end) = (configuration.betaStart, configuration.betaEnd)
    guard start > 0, start <= end, end < 1, !configuration.zeroTerminalSNR || start < end else {
      throw SamplingError(
        "betas of a noise schedule grow within 0 and 1 (usually 0.00085 to 0.012), not from \(start) to \(end)")
    }
  }

  /// The number of times.
  public var times: Int { alphaBars.count }

  /// `ᾱ` at a time; between whole times from ``sigma(at:)``.
  public func alphaBar(at time: Double) -> Double {
    let limited = min(max(time, 0), Double(times - 1))
    if limited == limited.rounded(.down) { return alphaBars[Int(limited)] }
    let sigma = sigma(at: limited)
    return 1 / (1 + sigma * sigma)
  }

  /// `σ` at a time, linear between whole times as in diffusers; times outside are moved to the nearest end.
  public func sigma(at time: Double) -> Double {
    let limited = min(max(time, 0), Double(times - 1))
    let below = Int(limited)
    let part = limited - Double(below)
    if part == 0 { return sigmas[below] }
    return sigmas[below] + part * (min(sigmas[below + 1], Self.greatestSigma) - sigmas[below])
  }

  /// The ratio of signal to noise, `ᾱ / (1 − ᾱ)`.
  public func signalToNoise(at time: Double) -> Double {
    let left = alphaBar(at: time)
    return left / (1 - left)
  }

  /// The time of a noise level, linear in `log σ` between whole times as in diffusers and k-diffusion.
  ///
  /// Exact at whole times; between them it differs a little from the inverse of ``sigma(at:)``, which is linear in σ.
  /// Levels outside the schedule are moved to the nearest end.
  public func time(ofSigma sigma: Double) -> Double {
    Self.time(ofLogSigma: SamplingMath.log(min(max(sigma, 1e-10), Self.greatestSigma)), in: logSigmas)
  }

  /// Where a logarithm lies in a rising table, in fractions of an index.
  static func time(ofLogSigma value: Double, in table: [Double]) -> Double {
    var (low, high) = (0, table.count)
    // The last index whose entry is not above the value, or 0.
    while high - low > 1 {
      let middle = (low + high) / 2
      if table[middle] <= value { low = middle } else { high = middle }
    }
    low = min(low, table.count - 2)
    let weight = min(max((table[low] - value) / (table[low] - table[low + 1]), 0), 1)
    return (1 - weight) * Double(low) + weight * Double(low + 1)
  }
}
