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
      model, parameters, author and run.

      Examples:
        troupe inspect konrad.safetensors
        troupe inspect konrad.safetensors lisar.safetensors
        troupe inspect --no-weights *.safetensors
        troupe inspect models/sdxl models/flux/transformer/diffusion_pytorch_model.safetensors.index.json
        troupe inspect --json konrad.safetensors | jq '.files[0].rank'
        troupe inspect --fail-on non-finite-values --fail-on zero-modules konrad.safetensors
      """)

  @Argument(help: "Files to inspect: .safetensors, .safetensors.zst, an index of several files, or a model's folder.")
  var files: [String]

  @Flag(help: "Read the header only: no strengths and no hashes, but at once.")
  var noWeights = false

  @Flag(help: "Compute hashes, of checkpoints too and with --no-weights.")
  var hash = false

  @Flag(help: "Print JSON for scripts.")
  var json = false

  @Flag(help: "Show all metadata as they are stored.")
  var raw = false

  @Flag(help: "Show all tags of every folder.")
  var tags = false

  @Flag(help: "Show every layer, and every key that belongs to none.")
  var modules = false

  @Option(
    help: ArgumentHelp(
      "Exit with code 1 when a file has this warning; \"any\" is all. May be repeated.",
      valueName: "warning-id"))
  var failOn: [String] = []

  @OptionGroup var compute: ComputeOptions

  func validate() throws {
    for id in failOn where id != "any" && !InspectionWarning.allIDs.contains(id) {
      throw ValidationError(
        "--fail-on: there is no warning “\(id)”. There are: any, "
          + "\(InspectionWarning.allIDs.joined(separator: ", "))."
      )
    }
  }

  func run() async throws {
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
    if json {
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
        weights: !noWeights, hashes: hash ? .always : noWeights ? .never : .adapters, listsLayers: modules,
        keepsMetadata: raw, workers: compute.workers, progress: { line.update($0, of: $1) }))
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
