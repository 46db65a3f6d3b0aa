import ArgumentParser
import Trainer

/// What of a cast the command line may say otherwise.
struct TrainOverrides: ParsableArguments {
  @Option(name: .long, help: ArgumentHelp("The base model.", valueName: "path"))
  var model: String?

  @Option(name: .long, help: "Steps of the run.")
  var steps: Int?

  @Option(name: .long, help: "Samples that go through the model at once, in each process.")
  var batch: Int?

  @Option(name: .long, help: "The rank; alpha keeps its ratio to it.")
  var rank: Int?

  @Option(name: .long, help: ArgumentHelp("The learning rate of every part that has no own.", valueName: "rate"))
  var learningRate: Double?

  @Option(name: .long, help: "The seed.")
  var seed: Int?

  @Option(name: .long, help: "The numbers of the model: f32, bf16 or f16.")
  var precision: String?

  @Option(name: .shortAndLong, help: ArgumentHelp("The folder for the files.", valueName: "folder"))
  var output: String?

  @Option(name: .long, help: "What the files are called.")
  var name: String?

  func validate() throws {
    func check(_ option: String, _ value: Int?, _ range: ClosedRange<Int>) throws {
      if let value, !range.contains(value) {
        throw ValidationError("--\(option) must be from \(range.lowerBound) to \(range.upperBound).")
      }
    }
    try check("steps", steps, 1...10_000_000)
    try check("batch", batch, 1...1024)
    try check("rank", rank, 1...4096)
    try check("seed", seed, 0...Int(UInt32.max))
    if let learningRate, !(0...100).contains(learningRate) {
      throw ValidationError("--learning-rate must be from 0 to 100.")
    }
    if let precision, CastConfiguration.Training.Precision(rawValue: precision) == nil {
      throw ValidationError("--precision \(precision): there are f32, bf16 and f16.")
    }
    if let name, name.isEmpty || name.contains("/") {
      throw ValidationError("--name is a file's name without folders; the folder is --output.")
    }
  }

  /// Changes a cast.
  func apply(to cast: inout CastConfiguration) {
    // Paths of the command line are relative to where it is typed, those of a cast to its file.
    func here(_ path: String) -> String {
      path.hasPrefix("/") || !cast.file.contains("/") ? path : Terminal.workingFolder + "/" + path
    }
    if let model { cast.model.checkpoint = here(model) }
    if let output { cast.output.folder = here(output) }
    if let name { cast.output.name = name }
    if let steps { cast.training.steps = steps }
    if let batch { cast.training.batch = batch }
    if let learningRate { cast.training.learningRate = learningRate }
    if let seed { cast.training.seed = seed }
    if let value = precision.flatMap({ CastConfiguration.Training.Precision(rawValue: $0) }) {
      cast.training.precision = value
    }
    if let rank {
      cast.network.alpha *= Double(rank) / Double(cast.network.rank)
      cast.network.convAlpha *= Double(rank) / Double(cast.network.rank)
      cast.network.convRank = max(1, cast.network.convRank * rank / cast.network.rank)
      cast.network.rank = rank
    }
  }
}
