import ArgumentParser
import Trainer

/// sd-scripts' dataset configurations on the command line.
struct KohyaDatasetOptions: ParsableArguments {
  @Option(
    name: .long,
    help: ArgumentHelp(
      "Pictures of sd-scripts' dataset configuration, or of a folder of folders named <repeats>_<class>.",
      valueName: "path"))
  var datasetConfig: String?

  @Option(
    name: .long,
    help: ArgumentHelp("With --dataset-config and a folder: the folder of regularisation folders.", valueName: "folder")
  )
  var reg: String?

  @Option(
    name: .long,
    help: ArgumentHelp(
      "With --dataset-config: the resolution where it gives none, as 1024 or 832x1216.", valueName: "pixels"))
  var resolution: PixelSizeArgument?

  @Option(
    name: .long,
    help: ArgumentHelp("With --dataset-config: the ending of captions where it gives none.", valueName: "ending"))
  var captionExtension: String?

  @Flag(name: .long, help: "With --dataset-config: put pictures into buckets by shape where it does not say.")
  var enableBucket = false

  func validate() throws {
    let foreign: [(String, Bool)] = [
      ("--reg", reg != nil), ("--resolution", resolution != nil), ("--caption-extension", captionExtension != nil),
      ("--enable-bucket", enableBucket),
    ]
    if datasetConfig == nil, let given = foreign.first(where: \.1) {
      throw ValidationError("\(given.0) is for --dataset-config; a cast says it itself.")
    }
  }

  /// The configuration, if one was named.
  /// - Parameter batch: the batch where it gives none.
  func configuration(batch: Int?) throws -> DatasetConfiguration? {
    guard let datasetConfig else { return nil }
    var defaults = DatasetConfiguration.Defaults()
    defaults.resolution = resolution?.size
    defaults.buckets = enableBucket
    if let batch { defaults.batch = batch }
    if let captionExtension { defaults.captionEnding = captionExtension }
    return try reg.map { try DatasetConfiguration(folder: datasetConfig, regularization: $0, defaults: defaults) }
      ?? DatasetConfiguration(path: datasetConfig, defaults: defaults)
  }
}
