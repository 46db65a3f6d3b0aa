public import LinearAlgebra

/// Idea: most of a fine-tuning is redundant; drop elements at random and make up for them.
///
/// Formula: `M = Σ wᵢ maskᵢ ⊙ Mᵢ / density`, `maskᵢ` Bernoulli of `density`, one draw per source and layer.
///
/// Inputs: any number of LoRAs of any ranks. The masks are SplitMix64's numbers in row order, its state from the layer's
/// name (FNV-1a), the seed and the source's position, so that they do not depend on the machine or the number of workers.
///
/// Edge cases: density 1 is the plain sum. The result deviates from the sum by `√(1/density - 1)` of each LoRA's norm.
///
/// Source: Yu et al. 2024; PEFT's `dare_linear_svd` with the same masks in the dense space, its `dare_linear` in that of
/// the factors.
public struct Dare: ElementwiseMethod {
  /// The name on the command line.
  public static let name = "dare"
  /// The share of elements that stay, above 0 and at most 1.
  public var density: Double
  /// Decides the masks.
  public var seed: UInt64?
  /// Where the elements are.
  public var space: ElementSpace

  /// Creates the method.
  public init(density: Double = 0.5, seed: UInt64 = 0, space: ElementSpace = .core) {
    self.density = density
    self.seed = seed
    self.space = space
  }

  /// The parameters with their values.
  public var parameters: [MethodParameter] {
    [
      MethodParameter("density", density), MethodParameter("seed", "\(seed ?? 0)"),
      MethodParameter("space", space.rawValue),
    ]
  }

  /// What is wrong with the parameters or the number of sources; nil when nothing is.
  public func problem(sources: Int) -> String? {
    Merge.problem(density: density)
  }

  /// Merges matrices of one shape.
  public func merged(_ matrices: [Matrix], strengths: [Double], uniform: [() -> Double]) -> Matrix {
    let pruned = zip(matrices, uniform).map { matrix, uniform in
      Pruning.random(
        matrix, probabilities: Array(repeating: density, count: matrix.elements.count), uniform: uniform)
    }
    return zip(pruned, strengths).reduce(Matrix(rows: matrices[0].rows, columns: matrices[0].columns)) {
      $0 + $1.0.scaled(by: $1.1)
    }
  }
}
