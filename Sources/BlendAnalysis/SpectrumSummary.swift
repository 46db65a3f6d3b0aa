import LinearAlgebra

/// The spectra of many layers in one curve.
struct SpectrumSummary {
  /// The mean effective rank, weighted by each layer's energy.
  var effectiveRank: Double
  /// The share of all energy that lies in each layer's first direction.
  var leadingShare: Double
  /// The share of all energy in the n-th direction of each layer; at most 64 directions.
  var shares: [Double]

  init?(_ spectra: [Spectrum]) {
    let total = spectra.reduce(0) { $0 + $1.energy }
    guard total > 0 else { return nil }
    effectiveRank = spectra.reduce(0) { $0 + $1.effectiveRank * $1.energy } / total
    leadingShare = spectra.reduce(0) { $0 + $1.leadingShare * $1.energy } / total
    let length = min(64, spectra.map(\.values.count).max() ?? 0)
    shares = (0..<length).map { n in
      spectra.reduce(0) { $0 + ($1.values.count > n ? $1.values[n] * $1.values[n] : 0) } / total
    }
  }
}
