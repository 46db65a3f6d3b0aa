import Adapters
import ArgumentParser
import BlendAnalysis
import Merge
import SafeTensors

/// `troupe merge`: several LoRAs into one.
struct MergeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "merge",
    abstract: "Merge LoRAs into one file: the exact sum of what they do, not of their factors.",
    discussion: """
      Strengths mean what they mean in a prompt: the result at strength 1 does what all files do at theirs.
      Files may differ in rank, alpha, dialect and variant (LoRA, LoCon, LoHa, LoKr, full diff).

      Examples:
        troupe merge konrad.safetensors:0.8 lisar.safetensors:0.7 --output pair.safetensors
        troupe merge konrad.safetensors lisar.safetensors --method svd --rank 32 --verify --output pair.safetensors
        troupe merge konrad.safetensors lisar.safetensors --method tsv --rank 32 --output pair.safetensors
      """)

  /// The number formats by name.
  enum Format: String, ExpressibleByArgument, CaseIterable {
    case f32, f16, bf16
    case f8E4M3 = "f8_e4m3"
    case f8E5M2 = "f8_e5m2"

    var dtype: DType {
      switch self {
      case .f32: .f32
      case .f16: .f16
      case .bf16: .bf16
      case .f8E4M3: .f8E4M3
      case .f8E5M2: .f8E5M2
      }
    }
  }

  @Argument(help: ArgumentHelp("LoRA files, each with an optional strength.", valueName: "file[:strength]"))
  var files: [WeightedFile]

  @Option(name: .shortAndLong, help: ArgumentHelp("The file to write.", valueName: "file.safetensors"))
  var output: String

  @OptionGroup(title: "Method") var method: MethodOptions

  @Option(name: .long, help: "The number format of the result. Default: that of the files, f32 when they differ.")
  var dtype: Format?

  @Option(
    name: .customLong("to"),
    help: ArgumentHelp(
      "The naming of the result: \(OutputDialect.allCases.map(\.rawValue).joined(separator: ", ")). Default: that of the files, kohya when they differ.",
      valueName: "dialect"),
    transform: { text in
      guard let dialect = OutputDialect(rawValue: text) else {
        throw ValidationError(
          "--to \(text): there is no such dialect. There are: \(OutputDialect.allCases.map(\.rawValue).joined(separator: ", "))."
        )
      }
      return dialect
    })
  var dialect: OutputDialect?

  @Flag(name: .long, help: "Measure what the written file lacks of the exact sum, from the bytes in it.")
  var verify = false

  @Option(
    name: .long, help: ArgumentHelp("With --verify: exit with 1 when the residual is larger.", valueName: "share"))
  var tolerance: Double?

  @Flag(
    name: .long, inversion: .prefixedNo,
    help:
      "Measure what is left of each LoRA in the written file. Default: yes, except for concat, where nothing is lost."
  )
  var survival: Bool?

  @Flag(name: .long, help: "Leave out layers and keys that cannot be summed exactly, instead of stopping.")
  var skipUnsupported = false

  @Flag(name: .long, help: "Clamp values that the number format cannot hold, instead of stopping.")
  var saturate = false

  @Flag(name: .long, help: "Replace the output if it exists. Never replaces one of the files being merged.")
  var force = false

  @Flag(name: .long, help: "Print what was done as JSON.")
  var json = false

  @OptionGroup var compute: ComputeOptions

  func validate() throws {
    if tolerance != nil, !verify { throw ValidationError("--tolerance goes with --verify.") }
    if let tolerance, !(tolerance >= 0) { throw ValidationError("--tolerance must be 0 or more.") }
    guard output.hasSuffix(".safetensors") else { throw ValidationError("--output must end in .safetensors.") }
  }

  func run() async throws {
    for file in files where OutputFile.isSame(file.path, output) {
      throw ValidationError("--output \(output) is one of the files being merged; originals are never replaced.")
    }
    let adapters = try await WeightedFile.open(files)
    let sources = zip(adapters, files).map { MergeSource(adapter: $0, strength: $1.strength) }
    let recipe = MergeRecipe(
      sources: sources, method: method.merge, dtype: dtype?.dtype, dialect: dialect, skipsUnsupported: skipUnsupported,
      overflow: saturate ? .saturate : .refuse, verifies: verify,
      lambda: method.lambda ?? 1, normalises: method.normalise)
    let progress = ProgressLine("merging", unit: "layers")
    let report: MergeReport
    do {
      report = try await MergeEngine.run(
        recipe, to: output, existing: force ? .replace : .refuse, workers: compute.workers,
        progress: { progress.update($0, of: $1) })
      progress.finish()
    } catch {
      progress.finish()
      throw error
    }
    let left = try await survivors(adapters)
    if json {
      try JSONOutput.print(MergeDocument(report: report, survival: left))
    } else {
      MergeView(report).lines().forEach { print($0) }
      if let left { SurvivalView(left).lines().forEach { print($0) } }
    }
    if let tolerance, let residual = report.residual, !(residual <= tolerance) {
      Terminal.writeError("the residual \(Numbers.scientific(residual)) is above the tolerance \(tolerance)\n")
      throw ExitCode(Failure.Code.finding.rawValue)
    }
  }
  /// What is left of each source, measured from the written file.
  private func survivors(_ adapters: [Adapter]) async throws -> [Survival]? {
    guard survival ?? (method.name != .concat) else { return nil }
    let subjects = zip(adapters, files).map { Subject(adapter: $0, name: $0.name, strength: $1.strength) }
    let progress = ProgressLine("measuring", unit: "layers")
    defer { progress.finish() }
    return try await Survival.measured(
      of: subjects, in: try Adapter(path: output),
      options: AnalysisOptions(workers: compute.workers) { progress.update($0, of: $1) })
  }
}
