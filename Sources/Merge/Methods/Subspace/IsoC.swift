import LinearAlgebra

/// Idea: where several LoRAs push one way, that way drowns the rest; make all directions of the sum equally strong.
///
/// Formula: `Σ wᵢ Mᵢ = U Σ Vᵀ` of rank k; `M = (Σσ / k) U Vᵀ`.
///
/// Inputs: any number of LoRAs of any ranks. The flattening is over the k directions that the sum has, not over the
/// whole layer.
///
/// Edge cases: a zero sum stays zero; one LoRA alone is flattened as well.
///
/// Source: Marczak et al., ICML 2025 (Iso-C), restricted to the rank of the sum.
public struct IsoC: LayerMethod {
  /// The name on the command line.
  public static let name = "iso-c"

  /// Creates the method.
  public init() {}

  /// Merges a layer.
  public func merged(_ layer: CoreLayer) throws -> MergedProduct {
    let svd = try layer.sum.compactSVD()
    guard !svd.values.isEmpty else { return .core(layer.sum) }
    let mean = svd.values.reduce(0, +) / Double(svd.values.count)
    return .core(svd.u.scaled(by: mean).times(svd.vt))
  }
}
