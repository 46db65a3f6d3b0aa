/// Why an optimiser, a schedule or a loss cannot be made or continued, in one sentence.
public struct OptimisationError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What is wrong and what to do.
  public let message: String

  /// Makes an error.
  public init(_ message: String) { self.message = message }

  /// The message.
  public var description: String { message }
}
