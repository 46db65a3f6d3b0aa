/// What the models cannot do with what they were given, in one sentence.
public struct DiffusionError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The sentence.
  public var description: String

  /// Makes an error.
  public init(_ description: String) { self.description = description }
}
