import ArgumentParser
import Trainer

/// Which dataset, and the run that it is for.
struct DatasetOptions: ParsableArguments {
  @Argument(help: ArgumentHelp("The cast.", valueName: "cast.toml"))
  var cast: String?

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Instead of a cast, sd-scripts' dataset configuration, or a folder of folders named <repeats>_<class>.",
      valueName: "path"))
  var datasetConfig: String?

  @Option(name: .long, help: ArgumentHelp("Steps of the run. Default: the cast's, or 1600.", valueName: "count"))
  var steps: Int?

  @Option(name: .long, help: ArgumentHelp("The run's seed. Default: the cast's, or 0.", valueName: "seed"))
  var seed: Int?

  @Option(
    name: .long,
    help: ArgumentHelp(
      "The base model, whose vocabulary tells what triggers mean. Default: the cast's.", valueName: "path"))
  var model: String?

  @Option(
    name: .long,
    help: ArgumentHelp("With --dataset-config and a folder: the folder of regularisation folders.", valueName: "folder")
  )
  var reg: String?

  @Option(
    name: .long,
    help: ArgumentHelp(
      "With --dataset-config: the resolution where it gives none, as 1024 or 832x1216.",
      valueName: "pixels"))
  var resolution: PixelSizeArgument?

  @Option(
    name: .long, help: ArgumentHelp("With --dataset-config: the batch where it gives none.", valueName: "count"))
  var batch: Int?

  @Option(name: .long, help: ArgumentHelp("With --dataset-config: batches in a step.", valueName: "count"))
  var accumulation: Int?

  @Option(
    name: .long,
    help: ArgumentHelp("With --dataset-config: the ending of captions where it gives none.", valueName: "ending"))
  var captionExtension: String?

  @Flag(name: .long, help: "With --dataset-config: put pictures into buckets by shape where it does not say.")
  var enableBucket = false

  func validate() throws {
    guard (cast == nil) != (datasetConfig == nil) else {
      throw ValidationError(
        cast == nil
          ? "Name a cast, or sd-scripts' dataset with --dataset-config."
          : "Give either a cast or --dataset-config.")
    }
    if let steps, !(1...10_000_000).contains(steps) { throw ValidationError("--steps must be from 1 to 10000000.") }
    if let seed, !(0...Int(UInt32.max)).contains(seed) {
      throw ValidationError("--seed must be from 0 to \(UInt32.max).")
    }
    if let batch, !(1...1024).contains(batch) { throw ValidationError("--batch must be from 1 to 1024.") }
    if let accumulation, !(1...4096).contains(accumulation) {
      throw ValidationError("--accumulation must be from 1 to 4096.")
    }
    let foreign: [(String, Bool)] = [
      ("--reg", reg != nil), ("--resolution", resolution != nil), ("--batch", batch != nil),
      ("--accumulation", accumulation != nil), ("--caption-extension", captionExtension != nil),
      ("--enable-bucket", enableBucket),
    ]
    if cast != nil, let given = foreign.first(where: \.1) {
      throw ValidationError("\(given.0) is for --dataset-config; a cast says it itself.")
    }
  }

  /// Reads the configuration and finds its pictures.
  func outline() throws -> DatasetOutline {
    guard let datasetConfig else {
      var cast = try CastConfiguration(path: cast ?? "")
      if let steps { cast.training.steps = steps }
      if let seed { cast.training.seed = seed }
      return try DatasetOutline(cast, pictures: cast.pictures(measure: DatasetPictures.readableHeader), model: model)
    }
    var defaults = DatasetConfiguration.Defaults()
    defaults.resolution = resolution?.size
    defaults.buckets = enableBucket
    if let batch { defaults.batch = batch }
    if let captionExtension { defaults.captionEnding = captionExtension }
    let dataset =
      try reg.map { try DatasetConfiguration(folder: datasetConfig, regularization: $0, defaults: defaults) }
      ?? DatasetConfiguration(path: datasetConfig, defaults: defaults)
    return try DatasetOutline(
      dataset, pictures: dataset.pictures(measure: DatasetPictures.readableHeader), steps: steps ?? 1600,
      seed: seed ?? 0, accumulation: accumulation ?? 1, model: model)
  }
}

/// A size on the command line: one side of a square, or width and height.
struct PixelSizeArgument: ExpressibleByArgument {
  let size: PixelSize

  init?(argument: String) {
    let sides = argument.split(omittingEmptySubsequences: false, whereSeparator: { "x×,".contains($0) })
      .map { Int($0) ?? 0 }
    guard (1...2).contains(sides.count), sides.allSatisfy({ (64...8192).contains($0) }) else { return nil }
    size = PixelSize(sides[0], sides.count > 1 ? sides[1] : sides[0])
  }
}
