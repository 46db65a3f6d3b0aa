/// Why a vocabulary cannot be used.
public struct TokenizerError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The file or folder that was read.
  public var path: String
  /// What is wrong with it, and what to do.
  public var problem: String

  /// Makes an error.
  public init(path: String, problem: String) {
    self.path = path
    self.problem = problem
  }

  /// The file and what is wrong with it, in one line.
  public var description: String { "\(path): \(problem)" }
}
