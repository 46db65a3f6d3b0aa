public import LinearAlgebra

/// Idea: small elements are noise; drop them from each LoRA, then sum.
///
/// Formula: `M = Σ wᵢ top(Mᵢ, ⌊density · count⌋)` by magnitude, nothing rescaled.
///
/// Inputs: any number of LoRAs of any ranks.
///
/// Edge cases: density 1 is the plain sum; among equal magnitudes the earlier element stays.
///
/// Source: PEFT's `magnitude_prune_svd` is this in the dense space, its `magnitude_prune` in that of the factors.
public struct MagnitudePrune: ElementwiseMethod {
  /// The name on the command line.
  public static let name = "magnitude-prune"
  /// The share of elements that stay, above 0 and at most 1.
  public var density: Double
  /// Where the elements are.
  public var space: ElementSpace

  /// Creates the method.
  public init(density: Double = 0.5, space: ElementSpace = .core) {
    self.density = density
    self.space = space
  }

  /// The parameters with their values.
  public var parameters: [MethodParameter] {
    [MethodParameter("density", density), MethodParameter("space", space.rawValue)]
  }

  /// What is wrong with the parameters or the number of sources; nil when nothing is.
  public func problem(sources: Int) -> String? {
    Merge.problem(density: density)
  }

  /// Merges matrices of one shape.
  public func merged(_ matrices: [Matrix], strengths: [Double], uniform: [() -> Double]) -> Matrix {
    let pruned = matrices.map { Pruning.magnitude($0, density: density) }
    return zip(pruned, strengths).reduce(Matrix(rows: matrices[0].rows, columns: matrices[0].columns)) {
      $0 + $1.0.scaled(by: $1.1)
    }
  }
}
