import Adapters
import ArgumentParser
import Merge
import SafeTensors

/// `troupe resize`: the same LoRA at another rank or size.
struct ResizeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "resize",
    abstract: "Write a LoRA at another rank, per layer or by file size, as close as that rank allows.",
    discussion: """
      The strength stays what it was. LoHa, LoKr, tucker and full differences become LoRA or LoCon.
      The --sv rules choose the ranks of sd-scripts' resize_lora.py; --size spends bytes where they keep most.

      Examples:
        troupe resize konrad.safetensors --rank 16 --output konrad-16.safetensors
        troupe resize konrad.safetensors --sv-fro 0.95 --rank 64 --output konrad-95.safetensors
        troupe resize konrad.safetensors --size 50MB --verify --output konrad-50.safetensors
      """)

  @Argument(help: ArgumentHelp("The LoRA file.", valueName: "file"))
  var file: String

  @Option(name: .shortAndLong, help: ArgumentHelp("The file to write.", valueName: "file.safetensors"))
  var output: String

  @Option(
    name: .long,
    help: ArgumentHelp("The rank of every layer; beside another rule, the greatest rank allowed.", valueName: "rank"))
  var rank: Int?

  @Option(name: .long, help: ArgumentHelp("The same for convolutions. Default: --rank.", valueName: "rank"))
  var convRank: Int?

  @Option(
    name: .long,
    help: ArgumentHelp("Keep singular values above the greatest divided by this, more than 1.", valueName: "ratio"))
  var svRatio: Double?

  @Option(name: .long, help: ArgumentHelp("Keep this share of each layer's √ΣS², up to 1.", valueName: "share"))
  var svFro: Double?

  @Option(name: .long, help: ArgumentHelp("Keep this share of each layer's ΣS, up to 1.", valueName: "share"))
  var svCumulative: Double?

  @Option(
    name: .long,
    help: ArgumentHelp("The size of the file, never exceeded: 50MB, 1.5GB, 64MiB or bytes.", valueName: "size"))
  var size: FileSize?

  @Option(name: .long, help: "The number format of the result. Default: that of the file, f32 when it has several.")
  var dtype: MergeCommand.Format?

  @Flag(name: .long, help: "Measure what the written file lacks of the original, from the bytes in it.")
  var verify = false

  @Option(
    name: .long, help: ArgumentHelp("With --verify: exit with 1 when the residual is larger.", valueName: "share"))
  var tolerance: Double?

  @Flag(name: .long, help: "Leave out layers and keys that have no exact factors, instead of stopping.")
  var skipUnsupported = false

  @Flag(name: .long, help: "Clamp values that the number format cannot hold, instead of stopping.")
  var saturate = false

  @Flag(name: .long, help: "Replace the output if it exists. Never replaces the original.")
  var force = false

  @Flag(name: .shortAndLong, help: "Also list every layer.")
  var verbose = false

  @Flag(name: .long, help: "Print what was done as JSON.")
  var json = false

  @OptionGroup var compute: ComputeOptions

  func validate() throws {
    if let rank, !(1...4096).contains(rank) { throw ValidationError("--rank must be from 1 to 4096.") }
    if let convRank, !(1...4096).contains(convRank) { throw ValidationError("--conv-rank must be from 1 to 4096.") }
    if convRank != nil, rank == nil { throw ValidationError("--conv-rank goes with --rank.") }
    let rules = [svRatio != nil, svFro != nil, svCumulative != nil, size != nil].count { $0 }
    guard rules <= 1 else {
      throw ValidationError("--sv-ratio, --sv-fro, --sv-cumulative and --size exclude one another.")
    }
    guard rules == 1 || rank != nil else {
      throw ValidationError("One of --rank, --sv-ratio, --sv-fro, --sv-cumulative and --size is needed.")
    }
    if let svRatio, !(svRatio > 1 && svRatio.isFinite) { throw ValidationError("--sv-ratio must be more than 1.") }
    for (name, share) in [("--sv-fro", svFro), ("--sv-cumulative", svCumulative)] {
      if let share, !(share > 0 && share <= 1) { throw ValidationError("\(name) must be above 0 and at most 1.") }
    }
    if tolerance != nil, !verify { throw ValidationError("--tolerance goes with --verify.") }
    if let tolerance, !(tolerance >= 0) { throw ValidationError("--tolerance must be 0 or more.") }
    guard output.hasSuffix(".safetensors") else { throw ValidationError("--output must end in .safetensors.") }
  }

  private var goal: ResizeRecipe.Goal {
    if let size { return .size(size.bytes) }
    if let svRatio { return .rule(.ratio(svRatio)) }
    if let svFro { return .rule(.frobenius(svFro)) }
    if let svCumulative { return .rule(.cumulative(svCumulative)) }
    return .rule(.all)
  }

  func run() async throws {
    try OutputFile.refuseOriginal(file, output)
    let recipe = ResizeRecipe(
      adapter: try Adapter(path: file), goal: goal, cap: rank.map { RankCap(linear: $0, convolution: convRank) },
      dtype: dtype?.dtype, skipsUnsupported: skipUnsupported, overflow: saturate ? .saturate : .refuse,
      verifies: verify)
    let report = try await ProgressLine.following("resizing", unit: "steps") { progress in
      try await ResizeEngine.run(
        recipe, to: output, existing: force ? .replace : .refuse, workers: compute.workers, progress: progress)
    }
    if json {
      try JSONOutput.print(report)
    } else {
      ResizeView(report).lines(verbose: verbose).forEach { print($0) }
    }
    try Failure.check(report.residual, tolerance: tolerance)
  }
}
