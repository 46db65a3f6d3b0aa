/// The schedule in single precision, rounded where diffusers rounds it.
///
/// People know their models by pictures that were made so. Usually the difference to double precision is 1e-6, but with
/// zero terminal SNR the last ᾱ are small differences of rounded numbers and differ by up to 4e-5, and with them σ.
struct SinglePrecisionTables: Sendable, Hashable {
  let configuration: ScheduleConfiguration
  /// ᾱ; the last is 0 with zero terminal SNR.
  let alphaBars: [Float]
  /// σ; with zero terminal SNR the last belongs to ᾱ = 2⁻²⁴, so that it is finite.
  let sigmas: [Float]

  init(_ configuration: ScheduleConfiguration) throws(SamplingError) {
    try NoiseSchedule.check(configuration)
    self.configuration = configuration
    var alphaBars = Self.products(Self.betas(configuration).map { 1 - $0 })
    if configuration.zeroTerminalSNR {
      let roots = alphaBars.map { $0.squareRoot() }
      let (first, last) = (roots[0], roots[roots.count - 1])
      let scale = first / (first - last)
      let rescaled = roots.map { root in
        let scaled = (root - last) * scale
        return scaled * scaled
      }
      // Through the betas and back: two more roundings, which the small last values feel.
      let betas = rescaled.indices.map { 1 - ($0 == 0 ? rescaled[0] : rescaled[$0] / rescaled[$0 - 1]) }
      alphaBars = Self.products(betas.map { 1 - $0 })
    }
    self.alphaBars = alphaBars
    var capped = alphaBars
    if configuration.zeroTerminalSNR { capped[capped.count - 1] = 0x1p-24 }
    sigmas = capped.map { ((1 - $0) / $0).squareRoot() }
  }

  private static func betas(_ configuration: ScheduleConfiguration) -> [Float] {
    switch configuration.growth {
    case .linear: line(Float(configuration.betaStart), Float(configuration.betaEnd), configuration.times)
    case .scaledLinear:
      line(
        Float(configuration.betaStart.squareRoot()), Float(configuration.betaEnd.squareRoot()), configuration.times
      ).map { $0 * $0 }
    }
  }

  /// Equal steps from both ends, as `torch.linspace` rounds them.
  private static func line(_ start: Float, _ end: Float, _ count: Int) -> [Float] {
    let step = (end - start) / Float(count - 1)
    return (0..<count).map { index in
      index < count / 2
        ? start.addingProduct(step, Float(index)) : end.addingProduct(-step, Float(count - index - 1))
    }
  }

  /// Running products, kept in double precision in between as `torch.cumprod` does.
  private static func products(_ factors: [Float]) -> [Float] {
    var product = 1.0
    return factors.map { factor in
      product *= Double(factor)
      return Float(product)
    }
  }

  /// σ between whole times, linear; times outside are moved to the nearest end.
  func sigma(at time: Double) -> Double {
    let limited = min(max(time, 0), Double(sigmas.count - 1))
    let below = min(Int(limited), sigmas.count - 2)
    let (low, high) = (Double(sigmas[below]), Double(sigmas[below + 1]))
    return (high - low) * (limited - Double(below)) + low
  }
}
