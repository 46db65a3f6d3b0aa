/// Why a merge cannot be done, in one sentence.
public struct MergeError: Error, Sendable, CustomStringConvertible {
  /// The rule that was broken.
  ///
  /// The raw value is stable and appears in `--json` output.
  public enum Rule: String, Sendable, CaseIterable {
    /// The sources are for different base models.
    case architecture = "different-architecture"
    /// One layer has different shapes in different sources.
    case shape = "different-shape"
    /// A source holds what cannot be summed exactly.
    case unsupported
    /// The output's dialect has no name for a layer.
    case unnameable
    /// There is nothing to merge.
    case empty
    /// The output's number format cannot hold a value.
    case overflow
    /// A parameter of the method is out of range, or it cannot take these sources.
    case parameter
    /// A covariance of inputs is missing or has a wrong shape.
    case covariance
    /// The method cannot merge a layer.
    case method
    /// No ranks make the file as small as was asked.
    case size
    /// The base model lacks a layer.
    case missing = "missing-layer"
    /// The written bytes are not those that were checked.
    case verification
  }

  /// The file concerned.
  public var path: String
  /// The broken rule.
  public var rule: Rule
  /// What was found, and what to do; a clause without a final stop.
  public var detail: String

  /// The whole sentence.
  public var description: String { "\(path): \(detail) [\(rule.rawValue)]" }
}
