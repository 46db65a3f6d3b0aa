/// Noise levels that are even in `σ^(1/ρ)`, ρ = 7 (Karras et al., arXiv 2206.00364, equation 5).
enum KarrasSigmas {
  private static let rho = 7.0

  /// From the greatest to the least level.
  static func levels(from greatest: Double, to least: Double, steps: Int) -> [Double] {
    let start = SamplingMath.power(greatest, 1 / rho)
    let end = SamplingMath.power(least, 1 / rho)
    return (0..<steps).map { index in
      let part = steps == 1 ? 0 : index == steps - 1 ? 1 : Double(index) * (1 / Double(steps - 1))
      return SamplingMath.power(start + part * (end - start), rho)
    }
  }

  /// The times of levels, from logarithms in single precision as in diffusers: those decide how times round.
  static func times(_ levels: [Double], _ tables: SinglePrecisionTables) -> [Double] {
    let logarithms = tables.sigmas.map { Double(SamplingMath.log($0)) }
    return levels.map { level in
      NoiseSchedule.time(ofLogSigma: SamplingMath.log(max(level, 1e-10)), in: logarithms)
    }
  }
}
