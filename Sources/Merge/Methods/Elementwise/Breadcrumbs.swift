public import LinearAlgebra

/// Idea: the largest elements are outliers and the smallest noise; keep what lies between, then sum.
///
/// Formula: `M = Σ wᵢ between(Mᵢ)`: without the `⌊γ · count⌋` largest, and without the smallest until `⌊density · count⌋`
/// are left.
///
/// Inputs: any number of LoRAs of any ranks.
///
/// Edge cases: where density and γ exceed 1 together, fewer of the largest are dropped; density 1 is the plain sum.
///
/// Source: Davari and Belilovsky 2024; mergekit `breadcrumbs`.
public struct Breadcrumbs: ElementwiseMethod {
  /// The name on the command line.
  public static let name = "breadcrumbs"
  /// The share of elements that stay, above 0 and at most 1.
  public var density: Double
  /// The share of the largest elements that are dropped, from 0 to below 1.
  public var gamma: Double
  /// Where the elements are.
  public var space: ElementSpace

  /// Creates the method.
  public init(density: Double = 0.9, gamma: Double = 0.01, space: ElementSpace = .core) {
    self.density = density
    self.gamma = gamma
    self.space = space
  }

  /// The parameters with their values.
  public var parameters: [MethodParameter] {
    [MethodParameter("density", density), MethodParameter("gamma", gamma), MethodParameter("space", space.rawValue)]
  }

  /// What is wrong with the parameters or the number of sources; nil when nothing is.
  public func problem(sources: Int) -> String? {
    if let problem = Merge.problem(density: density) { return problem }
    return (0..<1).contains(gamma) ? nil : "gamma is \(gamma), but must be at least 0 and below 1"
  }

  /// Merges matrices of one shape.
  public func merged(_ matrices: [Matrix], strengths: [Double], uniform: [() -> Double]) -> Matrix {
    let pruned = matrices.map { Pruning.outliers($0, density: density, gamma: gamma) }
    return zip(pruned, strengths).reduce(Matrix(rows: matrices[0].rows, columns: matrices[0].columns)) {
      $0 + $1.0.scaled(by: $1.1)
    }
  }
}
