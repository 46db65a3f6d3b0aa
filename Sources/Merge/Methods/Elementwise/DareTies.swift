public import LinearAlgebra

/// Idea: the random masks of DARE, then the sign election of TIES.
///
/// Formula: `Tᵢ = maskᵢ ⊙ Mᵢ / density`; `σ` and the mean over those that agree as of ties.
///
/// Inputs: any number of LoRAs of any ranks.
///
/// Edge cases: as of dare and ties.
///
/// Source: Yu et al. 2024; PEFT's `dare_ties_svd` with the same masks in the dense space, its `dare_ties` in that of the
/// factors.
public struct DareTies: ElementwiseMethod {
  /// The name on the command line.
  public static let name = "dare-ties"
  /// The share of elements that stay, above 0 and at most 1.
  public var density: Double
  /// How signs are elected.
  public var election: SignElection
  /// Decides the masks.
  public var seed: UInt64?
  /// Where the elements are.
  public var space: ElementSpace

  /// Creates the method.
  public init(density: Double = 0.5, election: SignElection = .total, seed: UInt64 = 0, space: ElementSpace = .core) {
    self.density = density
    self.election = election
    self.seed = seed
    self.space = space
  }

  /// The parameters with their values.
  public var parameters: [MethodParameter] {
    [
      MethodParameter("density", density), MethodParameter("sign", election.rawValue),
      MethodParameter("seed", "\(seed ?? 0)"), MethodParameter("space", space.rawValue),
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
    return election.disjointMean(pruned, strengths: strengths, space: space)
  }
}
