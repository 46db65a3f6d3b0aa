/// An answer to a question about several records, with what speaks for it.
public struct Verdict: Sendable, Codable, Equatable {
  /// How sure the answer is.
  public enum Answer: String, Sendable, Codable, CaseIterable {
    /// The records state it.
    case yes
    /// The records suggest it.
    case likely
    /// The records contradict it.
    case no
    /// The records do not tell.
    case unknown
  }

  /// The answer.
  public var answer: Answer
  /// What speaks for it; one or two sentences.
  public var evidence: String

  /// The answer where there is nothing to compare with.
  static let alone = Verdict(answer: .unknown, evidence: "There is only one record.")
}
