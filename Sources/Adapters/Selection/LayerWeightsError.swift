/// Why the text of a layer selection cannot be used, in one sentence.
public struct LayerWeightsError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The rule that was broken; the raw value is stable.
  public enum Rule: String, Sendable, CaseIterable {
    /// A rule has the form `name=value`.
    case form = "rule-form"
    /// A weight is a finite number.
    case number = "weight-number"
    /// A list of block weights has as many numbers as the base model has blocks, in one of the known forms.
    case count = "block-count"
    /// A block has a name that the base model knows.
    case block = "block-name"
    /// A pattern is well formed.
    case pattern = "layer-pattern"
    /// The base model has blocks of this kind.
    case architecture = "block-architecture"
  }

  /// What was given.
  public var text: String
  /// The broken rule.
  public var rule: Rule
  /// What is wanted, what was found, and what to do; a clause without a final stop.
  public var detail: String

  /// Creates an error.
  public init(text: String, rule: Rule, detail: String) {
    self.text = text
    self.rule = rule
    self.detail = detail
  }

  /// The whole sentence.
  public var description: String { (text.isEmpty ? "" : "\(text): ") + "\(detail) [\(rule.rawValue)]" }
}
