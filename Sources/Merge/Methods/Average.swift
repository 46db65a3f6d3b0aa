import LinearAlgebra

/// Idea: the mean instead of the sum, so that the result is as strong as one LoRA.
///
/// Formula: `M = Σ wᵢ Mᵢ / Σ |wᵢ|`, the denominator over all sources of the merge.
///
/// Inputs: any number of LoRAs of any ranks.
///
/// Edge cases: a layer that only some train is divided by all weights, so it is weakened as every other is; all weights
/// zero give zero.
///
/// Source: mergekit `linear` with `normalize`, with absolute weights so that opposite strengths do not divide by zero.
public struct Average: LayerMethod {
  /// The name on the command line.
  public static let name = "average"

  /// Creates the method.
  public init() {}

  /// Merges a layer.
  public func merged(_ layer: CoreLayer) -> MergedProduct {
    let total = layer.allStrengths.reduce(0) { $0 + abs($1) }
    return .core(total > 0 ? layer.sum.scaled(by: 1 / total) : layer.sum)
  }
}
