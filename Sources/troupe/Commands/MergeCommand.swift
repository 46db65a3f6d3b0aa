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
      Files may differ in rank, alpha, dialect and variant (LoRA, LoCon, LoHa, LoKr, full diff). With --base, layers whose
      change depends on the base model (DoRA, OFT, BOFT, (IA)³, GLoRA, T-LoRA) are summed exactly too.

      Examples:
        troupe merge konrad.safetensors:0.8 lisar.safetensors:0.7 --output pair.safetensors
        troupe merge konrad.safetensors lisar.safetensors --method svd --rank 32 --verify --output pair.safetensors
        troupe merge --recipe cast.toml --dry-run
        troupe merge konrad.safetensors lisar.safetensors --method tsv --rank 32 --output pair.safetensors
        troupe merge dora.safetensors oft.safetensors --base sdxl.safetensors --method svd --rank 64 -o pair.safetensors
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
  var files: [WeightedFile] = []

  @Option(name: .shortAndLong, help: ArgumentHelp("The file to write.", valueName: "file.safetensors"))
  var output: String?

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Merge what this file says: sources, weights, method and output in TOML. Instead of files and options.",
      valueName: "file.toml"))
  var recipe: String?

  @Flag(name: .long, help: "Show what would be written, and write nothing.")
  var dryRun = false

  @OptionGroup(title: "Method") var method: MethodOptions

  @OptionGroup(title: "Layers") var layers: LayerOptions

  @OptionGroup var baseModel: BaseModelOption

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
      "Measure what is left of each LoRA in the written file, and what they share before and after. Default: yes, except for concat, where nothing is lost."
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
    if recipe == nil {
      guard !files.isEmpty else { throw ValidationError("name the files to merge, or a --recipe.") }
      guard output != nil else { throw ValidationError("--output is missing: name the file to write.") }
    } else if !files.isEmpty {
      throw ValidationError("files are named in the --recipe; name them here or there.")
    }
    if tolerance != nil, !verify { throw ValidationError("--tolerance goes with --verify.") }
    if let tolerance, !(tolerance >= 0) { throw ValidationError("--tolerance must be 0 or more.") }
  }

  /// The job, from the recipe or from the command line.
  private func job() throws -> MergeJob {
    if let recipe {
      var job = try MergeJob(recipe: recipe, output: output)
      job.dtype = dtype ?? job.dtype
      job.dialect = dialect ?? job.dialect
      return job
    }
    return MergeJob(
      files: files, output: output ?? "", method: method, dtype: dtype, dialect: dialect,
      weights: { try layers.weights($0, of: files.count, architecture: $1) })
  }

  func run() async throws {
    let job = try job()
    guard job.output.hasSuffix(".safetensors") else {
      throw ValidationError("the output \(job.output) must end in .safetensors.")
    }
    for file in job.files where OutputFile.isSame(file.path, job.output) {
      throw ValidationError("--output \(job.output) is one of the files being merged; originals are never replaced.")
    }
    let adapters = try baseModel.bind(try await WeightedFile.open(job.files), strengths: job.files.map(\.strength))
    let recipe = try job.engineRecipe(adapters, command: self)
    if dryRun {
      try show(MergePreview(recipe), job)
      return
    }
    let report = try await ProgressLine.following("merging", unit: "layers") { progress in
      try await MergeEngine.run(
        recipe, to: job.output, existing: force ? .replace : .refuse, workers: compute.workers,
        progress: progress)
    }
    let left = try await diagnosis(recipe, job)
    if json {
      try JSONOutput.print(MergeDocument(report: report, survival: left?.survival, overlaps: left?.overlaps))
    } else {
      MergeView(report).lines().forEach { print($0) }
      if let left {
        SurvivalView(left.survival).lines().forEach { print($0) }
        OverlapChangeView(left.overlaps).lines().forEach { print($0) }
      }
    }
    try Failure.check(report.residual, tolerance: tolerance)
  }

  /// What is left of each source and what they share, measured from the written file.
  private func diagnosis(_ recipe: MergeRecipe, _ job: MergeJob) async throws -> MergeDiagnosis? {
    guard survival ?? (job.method.name != .concat) else { return nil }
    let subjects = recipe.sources.map { Subject(adapter: $0.adapter, name: $0.adapter.name, strength: $0.strength) }
    let progress = ProgressLine("measuring", unit: "layers")
    defer { progress.finish() }
    return try await MergeDiagnosis.measured(
      of: subjects, in: try Adapter(path: job.output), weight: { recipe.weight(of: $0, at: $1) },
      options: AnalysisOptions(workers: compute.workers) { progress.update($0, of: $1) })
  }

  /// The plan of a dry run.
  private func show(_ preview: MergePreview, _ job: MergeJob) throws {
    if json {
      try JSONOutput.print(preview)
      return
    }
    if let recipe = job.recipe { recipe.dryRun().forEach { print($0) } }
    let ranks = preview.rank.min == preview.rank.max ? "\(preview.rank.max)" : "\(preview.rank.min)–\(preview.rank.max)"
    print(
      "would write \(Terminal.sanitised(job.output)): \(preview.method), \(preview.modules) layers, rank \(ranks), "
        + "\(preview.dtype), \(preview.dialect), \(Numbers.bytes(preview.bytes))")
    for text in preview.skipped { print("  leaving out \(Terminal.sanitised(text))") }
  }
}
