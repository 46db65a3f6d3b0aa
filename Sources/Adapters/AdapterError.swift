import SafeTensors

/// What was wrong with a LoRA file beyond its container, in one sentence.
public struct AdapterError: Error, Sendable, CustomStringConvertible {
  /// The rule that was broken.
  ///
  /// The raw value is stable and appears in `--json` output.
  public enum Rule: String, Sendable, CaseIterable {
    /// The shapes of a layer's tensors do not fit each other.
    case shape
    /// The file holds no adapter.
    case notAdapter = "not-adapter"
    /// The file or folder holds no base model.
    case notCheckpoint = "not-checkpoint"
    /// Numbered layers are not those of a known model.
    case positions
    /// Two stems name the same layer.
    case twice
    /// The layer's variant has no exact form without the base model.
    case needsBase = "needs-base"
    /// The base model lacks a layer, or is not one that the adapter can be applied to.
    case base
    /// An alpha is not a finite number.
    case alpha
    /// A weight is NaN or infinite.
    case nonFinite = "non-finite"
    /// A text file beside the weights is damaged.
    case sidecar
    /// The metadata tell nothing of what was asked for.
    case noRecord = "no-record"
  }

  /// The file.
  public var path: String
  /// The broken rule.
  public var rule: Rule
  /// The layer's stem or the tensor's key.
  public var key: String?
  /// What was found, and what to do; a clause without a final stop.
  public var detail: String

  /// Creates an error; `detail` is a clause without a final stop.
  package init(path: String, rule: Rule, key: String? = nil, detail: String) {
    (self.path, self.rule, self.key, self.detail) = (path, rule, key, detail)
  }

  /// The whole sentence.
  public var description: String {
    let place = key.map { "\($0.shortened(to: 120)): " } ?? ""
    return "\(path): \(place)\(detail) [\(rule.rawValue)]"
  }
}
