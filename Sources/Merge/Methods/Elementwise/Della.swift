public import LinearAlgebra

/// Idea: as DARE-TIES, but large elements of a row are kept more often than small ones.
///
/// Formula: the keeping probability in each row rises evenly by rank of magnitude from `density - ε` to `density + ε`; what
/// stays is divided by its own; then sign election and mean as of ties.
///
/// Inputs: any number of LoRAs of any ranks.
///
/// Edge cases: a row of one element has probability `density`; density 1 drops nothing.
///
/// Source: Deep et al. 2024; mergekit `della`, without its rescaling to the L1 norm.
public struct Della: ElementwiseMethod {
  /// The name on the command line.
  public static let name = "della"
  /// The share of elements that stay, above 0 and at most 1.
  public var density: Double
  /// Half the spread of the keeping probabilities.
  public var epsilon: Double
  /// How signs are elected.
  public var election: SignElection
  /// Decides the masks.
  public var seed: UInt64?
  /// Where the elements are.
  public var space: ElementSpace

  /// Creates the method.
  public init(
    density: Double = 0.5, epsilon: Double = 0.1, election: SignElection = .total, seed: UInt64 = 0,
    space: ElementSpace = .core
  ) {
    self.density = density
    self.epsilon = epsilon
    self.election = election
    self.seed = seed
    self.space = space
  }

  /// The parameters with their values.
  public var parameters: [MethodParameter] {
    [
      MethodParameter("density", density), MethodParameter("epsilon", epsilon),
      MethodParameter("sign", election.rawValue), MethodParameter("seed", "\(seed ?? 0)"),
      MethodParameter("space", space.rawValue),
    ]
  }

  /// What is wrong with the parameters or the number of sources; nil when nothing is.
  public func problem(sources: Int) -> String? {
    if let problem = Merge.problem(density: density) { return problem }
    guard density == 1 || (density - epsilon > 0 && density + epsilon < 1 && epsilon >= 0) else {
      return "epsilon is \(epsilon), but density ± epsilon must stay within 0 and 1"
    }
    return nil
  }

  /// Merges matrices of one shape.
  public func merged(_ matrices: [Matrix], strengths: [Double], uniform: [() -> Double]) -> Matrix {
    guard density < 1 else { return election.disjointMean(matrices, strengths: strengths, space: space) }
    let pruned = zip(matrices, uniform).map { matrix, uniform in
      Pruning.random(
        matrix, probabilities: Pruning.rankProbabilities(matrix, density: density, epsilon: epsilon), uniform: uniform)
    }
    return election.disjointMean(pruned, strengths: strengths, space: space)
  }
}
