import Adapters
import SafeTensors
public import Torch

/// Writes base models in both layouts; what is written appears under its name only when it is complete.
public struct CheckpointWriter: Sendable {
  /// What was written.
  public struct Report: Sendable, Hashable {
    /// How many tensors the files have, markers left out.
    public var tensors = 0
    /// The numbers of all tensors.
    public var parameters = 0
    /// What a person should know: parts that could not be written.
    public var notes: [String] = []
  }

  /// The version of diffusers whose settings are written.
  static let diffusersVersion = "0.30.0"

  /// What the model looks like.
  public var configuration: ModelConfiguration
  /// The number format of the file; `nil` keeps each parameter's own.
  public var scalarType: ScalarType?
  /// More metadata for a single file.
  public var metadata: [String: String] = [:]
  /// The folder whose tokenizers go with the model.
  public var tokenizers: ModelCheckpoint?

  /// A writer for models of a kind.
  public init(
    _ configuration: ModelConfiguration, as type: ScalarType? = nil, tokenizersOf source: ModelCheckpoint? = nil
  ) {
    self.configuration = configuration
    scalarType = type
    tokenizers = source
  }

  /// Writes a model from a source that gives its tensors one at a time.
  ///
  /// - Parameters:
  ///   - path: the file or folder to make. A folder is never replaced.
  ///   - layout: which of the two.
  ///   - entries: the model's parameters.
  ///   - existing: whether an existing file may be replaced.
  ///   - types: the format of each parameter, where ``scalarType`` does not say it.
  ///   - tensor: one parameter; asked once for each, in the file's order. Only a few tensors are held at a time.
  /// - Throws: ``CheckpointError``, `SafeTensorsError` or what `tensor` throws; nothing is left behind then.
  @discardableResult
  public func write(
    to path: String, _ layout: ModelCheckpoint.Layout, entries: [ParameterList.Entry],
    existing: Existing = .refuse, types: (ParameterList.Entry) throws -> ScalarType,
    tensor: (ParameterList.Entry) throws -> Tensor
  ) throws -> Report {
    guard !entries.isEmpty else { throw failure(path, "there are no parameters to write") }
    return try withoutActuallyEscaping(types) { types in
      try withoutActuallyEscaping(tensor) { tensor in
        try write(WritingJob(path: path, writer: self, types: types, tensor: tensor), layout, entries, existing)
      }
    }
  }

  private func write(
    _ job: WritingJob, _ layout: ModelCheckpoint.Layout, _ entries: [ParameterList.Entry], _ existing: Existing
  ) throws -> Report {
    var report = Report()
    report.parameters = entries.reduce(0) { $0 + $1.count }
    switch layout {
    case .folder: try writeFolder(job, entries, &report)
    case .singleFile:
      let names = OriginalNames(configuration)
      var slots: [String: [WritingJob.Piece]] = [:]
      for entry in entries {
        guard let place = names.written(entry.part, entry.name) else {
          throw failure(job.path, "the original naming has no place for \(entry.name) of the \(entry.part.label)")
        }
        slots[place.key, default: []].append(WritingJob.Piece(entry: entry, form: place.form))
      }
      try job.write(slots, to: job.path, metadata: singleFileMetadata, markers: markers, existing: existing)
      report.tensors = slots.count
    }
    return report
  }

  /// Writes the parameters of a source, such as another checkpoint.
  @discardableResult
  public func write(
    to path: String, _ layout: ModelCheckpoint.Layout, entries: [ParameterList.Entry],
    from source: CheckpointParameters, existing: Existing = .refuse
  ) throws -> Report {
    try write(
      to: path, layout, entries: entries, existing: existing,
      types: { entry in
        source.scalarTypes[entry.part] ?? source.scalarType ?? source.checkpoint.scalarType(entry.part, entry.name)
          ?? .f32
      },
      tensor: { try source.parameter($0.part, $0.name, shape: $0.shape) })
  }

  /// Writes tensors that are in memory.
  @discardableResult
  public func write(
    to path: String, _ layout: ModelCheckpoint.Layout, _ tensors: some Sequence<(ParameterList.Entry, Tensor)>,
    existing: Existing = .refuse
  ) throws -> Report {
    var table: [ParameterList.Entry: Tensor] = [:]
    var entries: [ParameterList.Entry] = []
    for (entry, tensor) in tensors {
      guard table.updateValue(tensor, forKey: entry) == nil else {
        throw failure(path, "\(entry.name) of the \(entry.part.label) was given twice")
      }
      entries.append(entry)
    }
    func found(_ entry: ParameterList.Entry) throws -> Tensor {
      guard let tensor = table[entry] else { throw failure(path, "\(entry.name) is missing") }
      return tensor
    }
    return try write(
      to: path, layout, entries: entries, existing: existing, types: { try found($0).scalarType }, tensor: found)
  }

  /// What becomes of a file that already has the name.
  public enum Existing: Sendable {
    /// It is left alone, and nothing is written.
    case refuse
    /// The new file takes its place when it is complete.
    case replace
  }

  func failure(_ path: String, _ detail: String) -> CheckpointError {
    CheckpointError(path: path, rule: .writer, detail: detail)
  }

  // MARK: - Single files

  /// Tensors without elements that tell loaders what the model predicts.
  private var markers: [String] {
    // Loaders tell SD 2's velocity from its weights.
    guard configuration.family != .sd2 else { return [] }
    return (configuration.schedule.prediction == .velocity ? ["v_pred"] : [])
      + (configuration.schedule.zeroTerminalSNR ? ["ztsnr"] : [])
  }

  private var singleFileMetadata: [String: String] {
    let isVelocity = configuration.schedule.prediction == .velocity
    let architecture =
      switch configuration.family {
      case .sdxl: "stable-diffusion-xl-v1-base"
      case .sd2: isVelocity ? "stable-diffusion-v2-768-v" : "stable-diffusion-v2-512"
      default: "stable-diffusion-v1"
      }
    return [
      "format": "pt", "modelspec.architecture": architecture,
      "modelspec.prediction_type": isVelocity ? "v" : "epsilon", ModelConfiguration.metadataKey: configuration.metadata,
    ].merging(metadata) { _, given in given }
  }
}
