import Adapters
import ArgumentParser
import Merge
import SafeTensors

/// `troupe subtract`: one LoRA without what another does.
struct SubtractCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "subtract",
    abstract: "Take what one LoRA does from another: A - s · B, exactly or cut to a rank.",
    discussion: """
      Exact without --rank: the ranks add up. Useful to undo a merge, or to take a style from a character.

      Example:
        troupe subtract pair.safetensors lisar.safetensors:0.7 --output konrad-alone.safetensors
      """)

  @Argument(help: ArgumentHelp("The LoRA to take from.", valueName: "A.safetensors"))
  var first: WeightedFile

  @Argument(help: ArgumentHelp("The LoRA to take away, with an optional strength.", valueName: "B.safetensors[:s]"))
  var second: WeightedFile

  @Option(name: .shortAndLong, help: ArgumentHelp("The file to write.", valueName: "file.safetensors"))
  var output: String

  @Option(name: .long, help: ArgumentHelp("Cut the difference to this rank.", valueName: "rank"))
  var rank: Int?

  @Option(name: .long, help: ArgumentHelp("The rank of convolutions. Default: --rank.", valueName: "rank"))
  var convRank: Int?

  @Option(name: .long, help: "The number format of the result. Default: that of the files, f32 when they differ.")
  var dtype: MergeCommand.Format?

  @Flag(name: .long, help: "Measure what the written file lacks of the exact difference, from the bytes in it.")
  var verify = false

  @Option(
    name: .long, help: ArgumentHelp("With --verify: exit with 1 when the residual is larger.", valueName: "share"))
  var tolerance: Double?

  @Flag(name: .long, help: "Leave out layers and keys that cannot be subtracted exactly, instead of stopping.")
  var skipUnsupported = false

  @Flag(name: .long, help: "Replace the output if it exists. Never replaces one of the files read.")
  var force = false

  @Flag(name: .long, help: "Print what was done as JSON.")
  var json = false

  @OptionGroup var compute: ComputeOptions

  /// The document of `--json`.
  struct Document: Encodable {
    var schema = 1
    /// The share of A's energy that is left, before any truncation; null where A is zero.
    var energyLeft: Double?
    /// That of the written file; null where A is zero.
    var energyLeftWritten: Double?
    var cosine: Double
    var sharedLayers: Int
    var merge: MergeReport
  }

  func validate() throws {
    guard !first.isExplicit else {
      throw ValidationError("The first file is taken as it is; only the second has a strength (or use troupe merge).")
    }
    if let rank, !(1...4096).contains(rank) { throw ValidationError("--rank must be from 1 to 4096.") }
    if let convRank, !(1...4096).contains(convRank) { throw ValidationError("--conv-rank must be from 1 to 4096.") }
    if convRank != nil, rank == nil { throw ValidationError("--conv-rank goes with --rank.") }
    if tolerance != nil, !verify { throw ValidationError("--tolerance goes with --verify.") }
    if let tolerance, !(tolerance >= 0) { throw ValidationError("--tolerance must be 0 or more.") }
    guard output.hasSuffix(".safetensors") else { throw ValidationError("--output must end in .safetensors.") }
  }

  func run() async throws {
    for file in [first, second] { try OutputFile.refuseOriginal(file.path, output) }
    let adapters = try await WeightedFile.open([first, second])
    let recipe = MergeRecipe(
      sources: zip(adapters, [1, -second.strength]).map { MergeSource(adapter: $0, strength: $1) },
      method: rank.map { .svd(rank: $0, convolutionRank: convRank ?? $0) } ?? .concat, dtype: dtype?.dtype,
      skipsUnsupported: skipUnsupported, verifies: verify)
    let progress = ProgressLine("subtracting", unit: "layers")
    defer { progress.finish() }
    let report = try await MergeEngine.run(
      recipe, to: output, existing: force ? .replace : .refuse, workers: compute.workers,
      progress: { progress.update($0, of: $1) })
    let measure = try await SubtractionMeasure.of(
      adapters[0], minus: adapters[1], strength: second.strength, workers: compute.workers)
    progress.finish()
    let written = measure.energyLeft.map { $0 * (1 - report.discardedEnergy) }
    if json {
      try JSONOutput.print(
        Document(
          energyLeft: measure.energyLeft, energyLeftWritten: written, cosine: measure.cosine,
          sharedLayers: measure.sharedLayers, merge: report))
    } else {
      MergeView(report).lines().forEach { print($0) }
      print("")
      print("  \(Numbers.percent(measure.energyLeft, 2)) of A's energy ‖A‖² is left", terminator: "")
      print(rank == nil ? "" : " (\(Numbers.percent(written, 2)) after the cut)", terminator: "")
      print(
        "; cosine of A and B \(Numbers.fixed(measure.cosine, 4, sign: true)), \(measure.sharedLayers) layers in both")
    }
    try Failure.check(report.residual, tolerance: tolerance)
  }
}
