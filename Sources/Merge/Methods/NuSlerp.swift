/// Idea: slerp whose place on the arc is set by the strengths alone, exact up to parallel LoRAs.
///
/// Formula: as of slerp, `t = w₂ / (w₁ + w₂)`.
///
/// Inputs: two LoRAs.
///
/// Edge cases: along the chord only where `sin θ < 1e-8`; a layer that only one trains is taken at its share.
///
/// Source: mergekit `nuslerp` (flattened).
public struct NuSlerp: LayerMethod {
  /// The name on the command line.
  public static let name = "nuslerp"

  /// Creates the method.
  public init() {}

  /// What is wrong with the parameters or the number of sources; nil when nothing is.
  public func problem(sources: Int) -> String? {
    sources == 2 ? nil : "nuslerp is between two files, \(sources) were given"
  }

  /// Merges a layer.
  public func merged(_ layer: CoreLayer) -> MergedProduct {
    // cos θ = √(1 - sin²θ), which is 1 - 5e-17 at sin θ = 1e-8.
    .core(Arc.between(layer, t: Arc.share(layer.allStrengths), straightAbove: 1))
  }
}
