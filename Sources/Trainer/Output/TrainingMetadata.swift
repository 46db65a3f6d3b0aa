internal import Adapters
public import Diffusion
internal import SafeTensors

/// What a LoRA's file tells of the run that made it, in the keys that sd-scripts writes, modelspec's, and Troupe's own
/// `troupe.cast`.
///
/// Paths are named by their last part alone.
public struct TrainingMetadata: Sendable, Hashable {
  /// The settings of the run.
  public var cast: CastConfiguration
  /// The pictures.
  public var dataset: TrainedDataset
  /// Who was trained how much.
  public var record: CastRecord
  /// The base model.
  public var base: BaseModel
  /// How far the run is.
  public var progress: Progress
  /// The file's own part of the run.
  public var file: File

  /// Metadata of these parts; ``cast(_:pictures:plan:exposure:base:progress:file:)`` and
  /// ``kohya(_:configuration:pictures:sampler:exposure:base:progress:file:)`` put them together.
  public init(
    cast: CastConfiguration, dataset: TrainedDataset, record: CastRecord, base: BaseModel, progress: Progress,
    file: File
  ) {
    (self.cast, self.dataset, self.record, self.base) = (cast, dataset, record, base)
    (self.progress, self.file) = (progress, file)
  }

  /// The base model as the run opened it.
  public struct BaseModel: Sendable, Hashable {
    /// The checkpoint's file or folder.
    public var path: String
    /// The model.
    public var model: ModelConfiguration
    /// The SHA-256 of the whole file, 64 hexadecimal digits; nil where it was not computed.
    public var sha256: String?
    /// Another autoencoder than the checkpoint's own.
    public var vae: String?

    /// A base model; the prediction and the schedule are those that the run used.
    public init(path: String, model: ModelConfiguration, sha256: String? = nil, vae: String? = nil) {
      (self.path, self.model, self.sha256, self.vae) = (path, model, sha256, vae)
    }

    var predictsVelocity: Bool { model.schedule.prediction == .velocity }
  }

  /// How far a run is.
  public struct Progress: Sendable, Hashable {
    /// Optimiser steps done.
    public var steps: Int
    /// When the run began, in seconds since 1970.
    public var startedAt: Double
    /// When the file is written, in seconds since 1970.
    public var finishedAt: Double
    /// The number that all files of the run share.
    public var session: String

    /// A run that is so far.
    public init(steps: Int, startedAt: Double, finishedAt: Double, session: String) {
      (self.steps, self.startedAt, self.finishedAt, self.session) = (steps, startedAt, finishedAt, session)
    }
  }

  /// A file that a run writes.
  public struct File: Sendable, Hashable {
    /// The name without its ending.
    public var name: String
    /// The character that it is for, by number; nil for the whole cast.
    public var character: Int?
    /// Trained layers by network: `unet`, `te1`, `te2`.
    public var layers: [String: Int]
    /// Troupe's version.
    public var version: String
    /// Whether latents were kept on the disk; nil where it is not to be told.
    public var cachesLatents: Bool?

    /// A file of these facts.
    public init(
      name: String, character: Int? = nil, layers: [String: Int] = [:], version: String, cachesLatents: Bool? = nil
    ) {
      (self.name, self.character, self.layers) = (name, character, layers)
      (self.version, self.cachesLatents) = (version, cachesLatents)
    }
  }

  /// The metadata of a file of a cast's run.
  ///
  /// - Parameters:
  ///   - cast: the configuration.
  ///   - pictures: the pictures, with generated ones.
  ///   - plan: the plan of the run.
  ///   - exposure: the samples so far.
  public static func cast(
    _ cast: CastConfiguration, pictures: DatasetPictures, plan: CastPlan, exposure: ExposureReport, base: BaseModel,
    progress: Progress, file: File
  ) -> TrainingMetadata {
    TrainingMetadata(
      cast: cast, dataset: TrainedDataset(cast, pictures: pictures, plan: plan, character: file.character),
      record: CastRecord(cast, plan: plan, exposure: exposure), base: base, progress: progress, file: file)
  }

  /// The metadata of a file of a run on an sd-scripts configuration.
  ///
  /// - Parameters:
  ///   - cast: the settings of the run; its characters count only for trigger words.
  ///   - configuration: the pictures' configuration.
  ///   - pictures: the pictures.
  ///   - sampler: the sampler, wherever it stands.
  ///   - exposure: the samples so far.
  public static func kohya(
    _ cast: CastConfiguration, configuration: DatasetConfiguration, pictures: DatasetPictures, sampler: KohyaSampler,
    exposure: ExposureReport, base: BaseModel, progress: Progress, file: File
  ) -> TrainingMetadata {
    let dataset = TrainedDataset(configuration, pictures: pictures, sampler: sampler)
    return TrainingMetadata(
      cast: cast, dataset: dataset, record: CastRecord(configuration, pictures: pictures, exposure: exposure),
      base: base, progress: progress, file: file)
  }

  /// The metadata.
  ///
  /// `sshs_model_hash` is there without a value: `SafeTensorsWriter` fills it in.
  public var entries: [String: String] {
    var result = dataset.entries(accumulation: cast.training.accumulation)
    for part in [identity, network, optimisation, losses, baseModel, specification] { result.merge(part) { $1 } }
    result["troupe.cast"] = record.text(of: self)
    result[SafeTensorsWriter.hashKey] = ""
    return result
  }

  /// The characters that the file is for.
  var members: [CastConfiguration.Character] {
    file.character.map { [cast.characters[$0]] } ?? cast.characters
  }
}
