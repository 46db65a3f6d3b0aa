import SafeTensors

/// What was wrong with a base model beyond its containers, in one sentence.
public struct CheckpointError: Error, Sendable, CustomStringConvertible {
  /// The rule that was broken.
  ///
  /// The raw value is stable and appears in `--json` output.
  public enum Rule: String, Sendable, CaseIterable {
    /// The file or folder holds no base model.
    case notCheckpoint = "not-checkpoint"
    /// The file is a LoRA or another adapter.
    case adapter
    /// The model is of a family that the engine does not have.
    case family
    /// Parameters are missing or have another shape.
    case parameters
    /// A file of a folder is missing.
    case missingFile = "missing-file"
    /// A configuration is damaged, or cannot be told from the weights.
    case configuration
    /// The model has a part that the engine does not compute.
    case unsupported
    /// Weights are stored in a form that is not read.
    case format
    /// Numbers do not fit in the format that is written.
    case overflow
    /// The writer was handed something other than a whole model.
    case writer
  }

  /// The file or folder.
  public var path: String
  /// The broken rule.
  public var rule: Rule
  /// What was found, and what to do; a clause without a final stop.
  public var detail: String

  /// Makes an error; `detail` is a clause without a final stop.
  public init(path: String, rule: Rule, detail: String) {
    self.path = path
    self.rule = rule
    self.detail = detail
  }

  /// The whole sentence.
  public var description: String { "\(path): \(detail) [\(rule.rawValue)]" }
}

extension NetworkPart {
  /// How people call it.
  public var label: String {
    switch self {
    case .unet: "UNet"
    case .textEncoder1: "text encoder 1"
    case .textEncoder2: "text encoder 2"
    case .vae: "VAE"
    }
  }
}
