import ArgumentParser
import Trainer

/// Which dataset, and the run that it is for.
struct DatasetOptions: ParsableArguments {
  @Argument(help: ArgumentHelp("The cast.", valueName: "cast.toml"))
  var cast: String?

  @OptionGroup(title: "sd-scripts' datasets") var kohya: KohyaDatasetOptions

  @Option(name: .long, help: ArgumentHelp("Steps of the run. Default: the cast's, or 1600.", valueName: "count"))
  var steps: Int?

  @Option(
    name: .long,
    help: ArgumentHelp("Samples that go through the model at once. Default: the cast's.", valueName: "count"))
  var batch: Int?

  @Option(name: .long, help: ArgumentHelp("Batches in a step. Default: the cast's, or 1.", valueName: "count"))
  var accumulation: Int?

  @Option(name: .long, help: ArgumentHelp("The run's seed. Default: the cast's, or 1.", valueName: "seed"))
  var seed: Int?

  @Option(
    name: .long,
    help: ArgumentHelp(
      "The base model, whose vocabulary tells what triggers mean. Default: the cast's.", valueName: "path"))
  var model: String?

  func validate() throws {
    guard cast != nil || kohya.datasetConfig != nil else {
      throw ValidationError("Name a cast, or sd-scripts' dataset with --dataset-config.")
    }
    func check(_ option: String, _ value: Int?, _ range: ClosedRange<Int>) throws {
      if let value, !range.contains(value) {
        throw ValidationError("--\(option) must be from \(range.lowerBound) to \(range.upperBound).")
      }
    }
    try check("steps", steps, 1...10_000_000)
    try check("batch", batch, 1...1024)
    try check("accumulation", accumulation, 1...4096)
    try check("seed", seed, 0...Int(UInt32.max))
  }

  /// Reads the configuration and finds its pictures.
  ///
  /// With a cast and a dataset the run is the cast's and the pictures are the dataset's, as in training.
  func outline() throws -> DatasetOutline {
    let dataset = try kohya.configuration(batch: batch)
    var cast = try cast.map { try CastConfiguration(path: $0, needsCharacters: dataset == nil) }
    if let steps { cast?.training.steps = steps }
    if let batch { cast?.training.batch = batch }
    if let accumulation { cast?.training.accumulation = accumulation }
    if let seed { cast?.training.seed = seed }
    let measure = DatasetPictures.readableHeader
    if let dataset {
      return try DatasetOutline(
        dataset, pictures: dataset.pictures(measure: measure), steps: cast?.training.steps ?? steps ?? 1600,
        seed: cast?.training.seed ?? seed ?? 1, accumulation: cast?.training.accumulation ?? accumulation ?? 1,
        model: model ?? cast.map { $0.path(of: $0.model.checkpoint) })
    }
    guard let cast else { throw ValidationError("Name a cast, or sd-scripts' dataset with --dataset-config.") }
    return try DatasetOutline(cast, pictures: cast.pictures(measure: measure), model: model)
  }
}
