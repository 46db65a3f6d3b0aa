/// Why a configuration file cannot be used, in one sentence.
public struct TOMLError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The rule that was broken; the raw value is stable.
  public enum Rule: String, Sendable, CaseIterable {
    /// The text is not of the part of TOML that is read.
    case syntax
    /// A key or table has a name that the file's kind does not know.
    case unknownKey = "key"
    /// A key is given twice.
    case duplicate
    /// A value has a type or a range that its key does not take.
    case value
    /// Something that the work needs is not there.
    case missing
    /// The file is written for another program.
    case foreign
  }

  /// The file.
  public var path: String
  /// The line, counted from 1; nil where the whole file is meant.
  public var line: Int?
  /// The kind of file in one word, such as `recipe`; it begins the rule's name in the sentence.
  public var subject: String
  /// The broken rule.
  public var rule: Rule
  /// What is wanted, what was found, and what to do; a clause without a final stop.
  public var detail: String

  /// An error of these parts.
  public init(path: String, line: Int?, subject: String = "recipe", rule: Rule, detail: String) {
    (self.path, self.line, self.subject, self.rule, self.detail) = (path, line, subject, rule, detail)
  }

  /// The whole sentence.
  public var description: String {
    "\(path)\(line.map { ":\($0)" } ?? ""): \(detail) [\(subject)-\(rule.rawValue)]"
  }
}
