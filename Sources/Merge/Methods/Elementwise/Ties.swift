public import LinearAlgebra

/// Idea: trim what is small, agree on a sign for each element, and average only those that have it.
///
/// Formula: `Tᵢ = top(Mᵢ, density)`; `σ = sign Σ Tᵢ`, elementwise; `M = Σ_{sign Tᵢ = σ} wᵢ Tᵢ / #{i : sign Tᵢ = σ}`.
///
/// Inputs: any number of LoRAs of any ranks.
///
/// Edge cases: a draw of votes is decided by the sum (in the dense space and that of the factors it elects plus); where
/// nobody has the sign the element is zero; one LoRA alone is only trimmed.
///
/// Source: Yadav et al. 2023; the order of steps is PEFT's (election before weighting, mean over the count): its `ties_svd`
/// is this in the dense space, its `ties` in that of the factors.
public struct Ties: ElementwiseMethod {
  /// The name on the command line.
  public static let name = "ties"
  /// The share of elements that stay, above 0 and at most 1.
  public var density: Double
  /// How signs are elected.
  public var election: SignElection
  /// Where the elements are.
  public var space: ElementSpace

  /// Creates the method.
  public init(density: Double = 0.5, election: SignElection = .total, space: ElementSpace = .core) {
    self.density = density
    self.election = election
    self.space = space
  }

  /// The parameters with their values.
  public var parameters: [MethodParameter] {
    [
      MethodParameter("density", density), MethodParameter("sign", election.rawValue),
      MethodParameter("space", space.rawValue),
    ]
  }

  /// What is wrong with the parameters or the number of sources; nil when nothing is.
  public func problem(sources: Int) -> String? {
    Merge.problem(density: density)
  }

  /// Merges matrices of one shape.
  public func merged(_ matrices: [Matrix], strengths: [Double], uniform: [() -> Double]) -> Matrix {
    election.disjointMean(matrices.map { Pruning.magnitude($0, density: density) }, strengths: strengths, space: space)
  }
}
