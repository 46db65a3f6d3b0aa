/// Why an optimiser, a schedule, a loss or a run cannot be made or continued, in one sentence.
public struct OptimisationError: Error, Sendable, Equatable, CustomStringConvertible {
  /// Whose fault it is.
  public enum Kind: Sendable, Equatable {
    /// What was asked for does not work; it can be known before anything is computed.
    case request
    /// Numbers went wrong while a run computed.
    case computation
  }

  /// What is wrong and what to do.
  public let message: String
  /// Whose fault it is.
  public let kind: Kind

  /// Makes an error.
  public init(_ message: String, kind: Kind = .request) { (self.message, self.kind) = (message, kind) }

  /// The message.
  public var description: String { message }
}
