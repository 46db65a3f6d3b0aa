import LinearAlgebra

/// Idea: from one LoRA to the other along the arc instead of the chord, so that what lies between is not weakened.
///
/// Formula: `θ = ∠(M₁, M₂)`, `t = w₂ / (w₁ + w₂)`, `M = (sin((1-t)θ) M₁ + sin(tθ) M₂) / sin θ`.
///
/// Inputs: two LoRAs; the strengths only set `t`, which `--t` overrides.
///
/// Edge cases: above |cos θ| = 0.9995 along the chord; a layer that only one trains is taken at its share of the
/// chord, `1-t` or `t`; weights that add up to zero mean the middle.
///
/// Source: Shoemake 1985; mergekit `slerp`.
public struct Slerp: LayerMethod {
  /// The name on the command line.
  public static let name = "slerp"
  /// The way from the first, 0, to the second, 1; nil for the share of the strengths.
  public var t: Double?

  /// Creates the method.
  public init(t: Double? = nil) { self.t = t }

  /// The parameters with their values.
  public var parameters: [MethodParameter] { t.map { [MethodParameter("t", $0)] } ?? [] }

  /// What is wrong with the parameters or the number of sources; nil when nothing is.
  public func problem(sources: Int) -> String? {
    if sources != 2 { return "slerp is between two files, \(sources) were given" }
    if let t, !(0...1).contains(t) { return "t is \(t), but lies between 0 and 1" }
    return nil
  }

  /// Merges a layer.
  public func merged(_ layer: CoreLayer) -> MergedProduct {
    .core(Arc.between(layer, t: t ?? Arc.share(layer.allStrengths), straightAbove: 0.9995))
  }
}
