import Adapters
import ArgumentParser
import Merge
import SafeTensors

/// `troupe bake`: LoRAs into a base model.
struct BakeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bake",
    abstract: "Add LoRAs into a base model, so that it does without them what it did with them.",
    discussion: """
      The base is a checkpoint file of SD 1.x, SD 2.x or SDXL, or a folder as diffusers keeps it; the output is of the same kind.
      LoRAs are applied in the order given, which matters only where one of them is a DoRA.

      Examples:
        troupe bake --base sdxl.safetensors konrad.safetensors:0.8 --output sdxl-konrad.safetensors
        troupe bake --base sdxl-folder lisar.safetensors:0.7 style.safetensors:0.5 --verify --output sdxl-lisar
      """)

  @Option(
    name: .long, help: ArgumentHelp("The base model: a checkpoint file or a diffusers folder.", valueName: "path"))
  var base: String

  @Argument(help: ArgumentHelp("LoRA files, each with an optional strength.", valueName: "file[:strength]"))
  var files: [WeightedFile]

  @Option(name: .shortAndLong, help: ArgumentHelp("The file or folder to write.", valueName: "path"))
  var output: String

  @Option(name: .long, help: "The number format of all networks' tensors. Default: each tensor's own.")
  var dtype: MergeCommand.Format?

  @Flag(name: .long, help: "Read every changed tensor again and compare it with the exact result in double precision.")
  var verify = false

  @Option(
    name: .long,
    help: ArgumentHelp("With --verify: exit with 1 when a tensor's residual is larger.", valueName: "share"))
  var tolerance: Double?

  @Flag(name: .long, help: "Leave out layers that the base model lacks, instead of stopping.")
  var skipMissing = false

  @Flag(name: .long, help: "Leave out layers and keys of a kind that cannot be baked, instead of stopping.")
  var skipUnsupported = false

  @Flag(name: .long, help: "Clamp values that the number format cannot hold, instead of stopping.")
  var saturate = false

  @Flag(name: .long, help: "Replace the output file if it exists. Never replaces a file that goes in, nor a folder.")
  var force = false

  @Flag(name: .long, help: "Print what was done as JSON.")
  var json = false

  @OptionGroup var compute: ComputeOptions

  func validate() throws {
    if tolerance != nil, !verify { throw ValidationError("--tolerance goes with --verify.") }
    if let tolerance, !(tolerance >= 0) { throw ValidationError("--tolerance must be 0 or more.") }
    if output.isEmpty { throw ValidationError("--output must name a file or folder.") }
  }

  func run() async throws {
    for path in [base] + files.map(\.path) where OutputFile.isSame(path, output) {
      throw ValidationError("--output \(output) is one of the files that go in; originals are never replaced.")
    }
    let checkpoint = try Checkpoint(path: base)
    guard checkpoint.isFolder || output.hasSuffix(".safetensors") else {
      throw ValidationError("--output must end in .safetensors, because the base is a file.")
    }
    let adapters = try await WeightedFile.open(files)
    let recipe = BakeRecipe(
      base: checkpoint, sources: zip(adapters, files).map { MergeSource(adapter: $0, strength: $1.strength) },
      dtype: dtype?.dtype, skipsMissing: skipMissing, skipsUnsupported: skipUnsupported,
      overflow: saturate ? .saturate : .refuse, verifies: verify)
    let report = try await ProgressLine.following("baking", unit: "tensors") { progress in
      try await BakeEngine.run(
        recipe, to: output, existing: force ? .replace : .refuse, workers: compute.workers,
        progress: progress)
    }
    if json {
      try JSONOutput.print(report)
    } else {
      BakeView(report).lines().forEach { print($0) }
    }
    try Failure.check(report.residual, tolerance: tolerance)
  }
}
