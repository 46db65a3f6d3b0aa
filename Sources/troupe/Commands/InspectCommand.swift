import Adapters
import ArgumentParser
import SafeTensors

/// `troupe inspect`: what each file is, how it was made, and what is odd about it.
struct InspectCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "Show what a LoRA or checkpoint is, how it was trained, and what is odd about it.",
    discussion: """
      Several files are also compared: their training parameters side by side, and whether they share base \
      model, parameters, author and run. Notes beside a file (<name>.json, <name>.civitai.info, adapter_config.json) \
      are read with it.

      --recursive lists whole folders, one row for each .safetensors or .safetensors.zst, from their headers alone. \
      A file that cannot be read is a row with the reason; the exit code is 0 all the same unless --fail-on bad.

      Examples:
        troupe inspect konrad.safetensors
        troupe inspect --compare konrad.safetensors lisar.safetensors
        troupe inspect --recursive loras/
        troupe inspect models/sdxl models/flux/transformer/diffusion_pytorch_model.safetensors.index.json
        troupe inspect --as-config both -o konrad.toml konrad.safetensors
        troupe inspect --json konrad.safetensors | jq '.files[0].rank'
        troupe inspect --recursive --json loras/ | jq -r 'select(.error) | .path'
        troupe inspect --fail-on non-finite-values --fail-on zero-modules konrad.safetensors
        troupe inspect --base sdxl.safetensors dora.safetensors
      """)

  @Argument(
    help:
      "Files to inspect: .safetensors, .safetensors.zst, an index of several files, or a model's folder; with --recursive, folders of files."
  )
  var files: [String]

  @Flag(name: .shortAndLong, help: "List every file below folders, one row each, as they are read.")
  var recursive = false

  @Flag(help: "Show only in what the files' recipes differ; the first file is the one that others are held against.")
  var compare = false

  @Flag(help: "With --compare, show what is the same as well.")
  var all = false

  @Option(
    help: ArgumentHelp(
      "Write what would repeat the run: dataset or training (sd-scripts' TOML), both, or cast (Troupe's own).",
      valueName: "kind"))
  var asConfig: ConfigurationKind?

  @Option(
    name: .shortAndLong,
    help: "Where --as-config writes, instead of printing; \"both\" adds -dataset and -training to the name.")
  var output: String?

  @Flag(help: "Replace files that --output names.")
  var force = false

  @Flag(
    inversion: .prefixedNo,
    help: "Read the weights, or the header only: no strengths and no hashes, but at once (the default of folders).")
  var weights: Bool?

  @Flag(help: "Compute hashes, of checkpoints too and with --no-weights.")
  var hash = false

  @Flag(help: "Print JSON for scripts; with --recursive one object per line, the summary last.")
  var json = false

  @Flag(help: "Show all metadata as they are stored.")
  var raw = false

  @Flag(help: "Show all tags of every folder.")
  var tags = false

  @Flag(help: "Show every layer, and every key that belongs to none.")
  var modules = false

  @Option(
    help: ArgumentHelp(
      "Exit with code 1 when a file has this warning; \"any\" is all, and with --recursive \"bad\" a file that cannot be read. May be repeated.",
      valueName: "warning-id"))
  var failOn: [String] = []

  @OptionGroup var baseModel: BaseModelOption

  @OptionGroup var compute: ComputeOptions

  func validate() throws {
    if baseModel.base != nil, weights == false {
      throw ValidationError("--base serves to measure weights; leave --no-weights out.")
    }
    for id in failOn where id != "any" && !(id == "bad" && recursive) && !InspectionWarning.allIDs.contains(id) {
      throw ValidationError(
        "--fail-on: there is no warning “\(id)”. There are: any, "
          + "\(InspectionWarning.allIDs.joined(separator: ", "))."
      )
    }
    let modes = [("--recursive", recursive), ("--compare", compare), ("--as-config", asConfig != nil)]
    let given = modes.filter(\.1).map(\.0)
    guard given.count < 2 else {
      throw ValidationError("\(given.joined(separator: " and ")) cannot be given together.")
    }
    let details = [("--raw", raw), ("--tags", tags), ("--modules", modules)].filter(\.1).map(\.0)
    if let mode = given.first, let detail = details.first {
      throw ValidationError("\(detail) shows more of single files and cannot be given with \(mode).")
    }
    guard !compare || files.count > 1 else {
      throw ValidationError("--compare needs at least two files; one was given.")
    }
    guard compare || !all else { throw ValidationError("--all goes with --compare.") }
    guard asConfig == nil || files.count == 1 else {
      throw ValidationError("--as-config repeats the run of one file; \(files.count) were given.")
    }
    guard asConfig != nil || (output == nil && !force) else {
      throw ValidationError("--output and --force go with --as-config.")
    }
    guard asConfig == nil || failOn.isEmpty else {
      throw ValidationError("--fail-on cannot be given with --as-config.")
    }
  }

  func run() async throws {
    if recursive { return try await list() }
    if let asConfig { return try await write(asConfig) }
    var inspections: [Inspection] = []
    var errors: [InspectionError] = []
    for path in files {
      do {
        inspections.append(try await inspect(path))
      } catch {
        guard let known = InspectionError(error, path: path) else { throw error }
        if files.count == 1, !json { throw error }
        errors.append(known)
        Terminal.writeError(Style.error.red("error:") + " \(Terminal.sanitised(known.description))\n")
      }
    }
    if compare {
      try showComparison(inspections, errors: errors)
    } else if json {
      try JSONOutput.print(InspectionDocument(inspections, errors: errors))
    } else {
      show(inspections)
    }
    if !errors.isEmpty { throw ExitCode(Failure.Code.input.rawValue) }
    let found = inspections.flatMap(\.warnings).contains { failOn.contains("any") || failOn.contains($0.id) }
    if found, !failOn.isEmpty { throw ExitCode(Failure.Code.finding.rawValue) }
  }

  private func inspect(_ path: String) async throws -> Inspection {
    let line = ProgressLine("Measuring", unit: "layers")
    defer { line.finish() }
    return try await Inspection.make(
      path: path,
      options: InspectionOptions(
        weights: readsWeights, hashes: hash ? .always : readsWeights ? .adapters : .never, listsLayers: modules,
        keepsMetadata: raw, base: try baseModel.checkpoint(), baseRank: baseModel.baseRank, workers: compute.workers,
        progress: { line.update($0, of: $1) }))
  }

  /// A recipe does not need the weights.
  private var readsWeights: Bool { weights ?? !compare }

  /// The differences alone, or all there is to compare.
  private func showComparison(_ inspections: [Inspection], errors: [InspectionError]) throws {
    guard let whole = InspectionDocument.comparison(inspections) else {
      if let first = inspections.first(where: { $0.kind != .lora }) {
        throw AdapterError(path: first.path, rule: .notAdapter, detail: "holds no LoRA, so it has no recipe to compare")
      }
      return
    }
    let comparison = all ? whole : whole.differences
    if json {
      try JSONOutput.print(ComparisonDocument(comparison, of: inspections, errors: errors))
    } else {
      for line in InspectComparisonView(comparison, onlyDifferences: !all).lines() { print(line) }
    }
  }

  private func show(_ inspections: [Inspection]) {
    var lines: [String] = []
    // Many files are compared, not shown one by one, unless more of each was asked for.
    if inspections.count <= 4 || raw || tags || modules || !inspections.allSatisfy({ $0.kind == .lora }) {
      for inspection in inspections {
        if !lines.isEmpty { lines += ["", ""] }
        lines += InspectView(inspection, showsTags: tags, showsModules: modules, showsMetadata: raw).lines()
      }
    }
    if let comparison = InspectionDocument.comparison(inspections) {
      if !lines.isEmpty { lines += ["", ""] }
      lines += InspectComparisonView(comparison).lines()
    }
    for line in lines { print(line) }
  }
}
