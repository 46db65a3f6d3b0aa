/// A word that may call the character in a prompt, and why.
public struct TriggerCandidate: Sendable, Codable, Equatable {
  /// The word or phrase, as it is to be written in a prompt.
  public var token: String
  /// The folder it belongs to, when it belongs to one of several.
  public var folder: String?
  /// What speaks for it; clauses joined by semicolons, without a final stop.
  public var evidence: String
  /// How likely it is, 0...1.
  public var confidence: Double
}
