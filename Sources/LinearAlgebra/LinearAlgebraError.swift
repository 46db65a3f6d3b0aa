/// Why a decomposition failed.
public enum LinearAlgebraError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The matrix has an element that is NaN or infinite.
  case nonFinite
  /// The iteration of this LAPACK routine did not converge.
  case noConvergence(String)

  /// The reason as a clause.
  public var description: String {
    switch self {
    case .nonFinite: "a matrix has values that are not finite"
    case .noConvergence(let routine): "the decomposition (\(routine)) did not converge"
    }
  }
}
