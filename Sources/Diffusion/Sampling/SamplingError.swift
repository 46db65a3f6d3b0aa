/// Why a schedule or a run cannot be made, in one sentence.
public struct SamplingError: Error, Sendable, Hashable, CustomStringConvertible {
  /// What was asked for, what forbids it and what to do instead.
  public var message: String

  /// Makes an error.
  public init(_ message: String) { self.message = message }

  /// The message.
  public var description: String { message }
}
