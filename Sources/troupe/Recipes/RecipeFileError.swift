/// Why a recipe file cannot be used, in one sentence.
struct RecipeFileError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The rule that was broken; the raw value is stable.
  enum Rule: String, Sendable, CaseIterable {
    /// The text is not of the part of TOML that recipes are written in.
    case syntax = "recipe-syntax"
    /// A key or table has a name that recipes do not know.
    case unknownKey = "recipe-key"
    /// A key is given twice.
    case duplicate = "recipe-duplicate"
    /// A value has a type or a range that its key does not take.
    case value = "recipe-value"
    /// Something that a merge needs is not there.
    case missing = "recipe-missing"
  }

  /// The recipe.
  var path: String
  /// The line, counted from 1; nil where the whole file is meant.
  var line: Int?
  /// The broken rule.
  var rule: Rule
  /// What is wanted, what was found, and what to do; a clause without a final stop.
  var detail: String

  /// The whole sentence.
  var description: String { "\(path)\(line.map { ":\($0)" } ?? ""): \(detail) [\(rule.rawValue)]" }
}
