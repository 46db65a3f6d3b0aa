import LinearAlgebra

/// Idea: the exact sum, for options that concat and svd do not take, such as `--normalise`.
///
/// Formula: `M = Σ wᵢ Mᵢ`.
///
/// Inputs: any number of LoRAs of any ranks.
///
/// Edge cases: none.
///
/// Source: task arithmetic, Ilharco et al., ICLR 2023.
public struct PlainSum: LayerMethod {
  /// The name on the command line.
  public static let name = "sum"

  /// Creates the method.
  public init() {}

  /// Merges a layer.
  public func merged(_ layer: CoreLayer) -> MergedProduct { .core(layer.sum) }
}
