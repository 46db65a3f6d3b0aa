/// A configuration that would repeat the run which made a file, as far as its record tells it.
///
/// Every field that the record knows stands in it as it was; what it does not know stands as a comment.
public struct RunConfiguration: Sendable, Equatable {
  /// What is written.
  public enum Kind: String, Sendable, CaseIterable {
    /// sd-scripts' data-set configuration (`--dataset_config`), which Troupe reads too.
    case dataset
    /// sd-scripts' training options (`--config_file`).
    case training
    /// Troupe's own cast.
    case cast
  }

  /// What it is.
  public let kind: Kind
  /// The TOML text.
  public let text: String
  /// What is to be filled in or checked, a sentence each; the text holds them as comments.
  public let open: [String]

  /// Writes a configuration.
  ///
  /// - Parameters:
  ///   - kind: what is written.
  ///   - record: the run's record.
  ///   - path: the file, for the text's heading and for errors.
  ///   - architecture: the base model that the layers tell.
  /// - Throws: ``AdapterError`` with the rule `noRecord` when the record tells nothing of it.
  public init(
    _ kind: Kind, of record: TrainingRecord, path: String, architecture: Architecture
  ) throws(AdapterError) {
    self.kind = kind
    let writer = RunWriter(record: record, path: path, architecture: architecture)
    let written =
      switch kind {
      case .dataset: try writer.dataset()
      case .training: try writer.training()
      case .cast: try writer.cast()
      }
    (text, open) = (written.text, written.open)
  }
}

/// Puts a record's fields into configurations.
struct RunWriter {
  let record: TrainingRecord
  let path: String
  let architecture: Architecture

  /// The file's name without its folder.
  var file: String { path.split(separator: "/").last.map(String.init) ?? path }

  func missing(_ detail: String) -> AdapterError { AdapterError(path: path, rule: .noRecord, detail: detail) }

  /// The first lines of every configuration.
  func heading(_ what: String) -> ConfigurationText {
    var text = ConfigurationText()
    text.comment("\(what) of the run that made \(file.lastPathComponent), from its record.")
    let o = record.optimisation
    if let steps = o.steps, let planned = o.maxTrainSteps, steps != planned {
      text.comment("The file was saved at step \(steps) of \(planned).")
    }
    if !record.mergedFrom.isEmpty {
      text.toFillIn("The file was merged from others, so no one run made it; these are the fields that it kept.")
    }
    return text
  }
}
