import Adapters
import ArgumentParser
import Merge
import SafeTensors

/// `troupe extract`: a LoRA from the difference of two base models.
struct ExtractCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "extract",
    abstract: "Extract a LoRA from the difference between two base models.",
    discussion: """
      The LoRA at strength 1 brings the base as close to the tuned model as its rank allows. Both may be checkpoint files
      or diffusers folders. Norms, biases, embeddings and the VAE cannot be held by a LoRA; their changes are counted.

      Example:
        troupe extract --base sdxl.safetensors --tuned sdxl-konrad.safetensors --rank 32 --output konrad.safetensors
      """)

  @Option(name: .long, help: ArgumentHelp("The model that the LoRA is for.", valueName: "path"))
  var base: String

  @Option(name: .long, help: ArgumentHelp("The model that it is to lead to.", valueName: "path"))
  var tuned: String

  @Option(
    name: .long, help: ArgumentHelp("The rank of attention, feed-forward, projections and text.", valueName: "rank"))
  var rank: Int

  @Option(
    name: .long, help: ArgumentHelp("The rank of convolutions. Default: they are left out.", valueName: "rank"))
  var convRank: Int?

  @Option(name: .shortAndLong, help: ArgumentHelp("The file to write.", valueName: "file.safetensors"))
  var output: String

  @Option(name: .long, help: "The number format of the result.")
  var dtype: MergeCommand.Format = .f16

  @Flag(name: .long, help: "Measure what the written file lacks of the whole difference, from the bytes in it.")
  var verify = false

  @Option(
    name: .long, help: ArgumentHelp("With --verify: exit with 1 when the residual is larger.", valueName: "share"))
  var tolerance: Double?

  @Flag(name: .long, help: "Replace the output if it exists. Never replaces one of the models.")
  var force = false

  @Flag(name: .long, help: "Print what was done as JSON.")
  var json = false

  @OptionGroup var compute: ComputeOptions

  func validate() throws {
    guard (1...4096).contains(rank) else { throw ValidationError("--rank must be from 1 to 4096.") }
    if let convRank, !(1...4096).contains(convRank) { throw ValidationError("--conv-rank must be from 1 to 4096.") }
    if tolerance != nil, !verify { throw ValidationError("--tolerance goes with --verify.") }
    if let tolerance, !(tolerance >= 0) { throw ValidationError("--tolerance must be 0 or more.") }
    guard output.hasSuffix(".safetensors") else { throw ValidationError("--output must end in .safetensors.") }
  }

  func run() async throws {
    for path in [base, tuned] where OutputFile.isSame(path, output) {
      throw ValidationError("--output \(output) is one of the models; originals are never replaced.")
    }
    let recipe = ExtractRecipe(
      base: try Checkpoint(path: base), tuned: try Checkpoint(path: tuned), rank: rank, convolutionRank: convRank,
      dtype: dtype.dtype, verifies: verify)
    let report = try await ProgressLine.following("extracting", unit: "layers") { progress in
      try await ExtractEngine.run(
        recipe, to: output, existing: force ? .replace : .refuse, workers: compute.workers,
        progress: progress)
    }
    if json {
      try JSONOutput.print(report)
    } else {
      ExtractView(report).lines().forEach { print($0) }
    }
    try Failure.check(report.residual, tolerance: tolerance)
  }
}
