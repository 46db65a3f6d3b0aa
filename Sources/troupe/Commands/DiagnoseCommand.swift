import Adapters
import ArgumentParser
import BlendAnalysis
import SafeTensors

/// `troupe diagnose`: where, why and how much LoRAs overlap.
struct DiagnoseCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "diagnose",
    abstract: "Measure where LoRAs overlap, against what chance would give, and say what to do.",
    discussion: """
      Every pair of files is compared layer by layer from their weights and metadata; nothing is rendered.
      A strength after a colon sets how strongly a file is used.

      Examples:
        troupe diagnose konrad.safetensors lisar.safetensors
        troupe diagnose konrad.safetensors:0.8 lisar.safetensors:0.7 --report blend.html
        troupe diagnose *.safetensors --json --fail-on near-duplicate
        troupe diagnose dora.safetensors oft.safetensors --base sdxl.safetensors
      """)

  @Argument(help: ArgumentHelp("LoRA files, each with an optional strength.", valueName: "file[:strength]"))
  var files: [WeightedFile]

  @OptionGroup var baseModel: BaseModelOption

  @Option(name: .long, help: ArgumentHelp("Write a self-contained HTML report.", valueName: "file.html"))
  var report: String?

  @Option(
    name: .long,
    help: ArgumentHelp(
      "With --report: put a picture into it, such as a sheet that generate drew. May be repeated.",
      valueName: "[caption=]file"))
  var picture: [String] = []

  @Flag(name: .long, help: "Print the whole diagnosis as JSON.")
  var json = false

  @Flag(name: .long, help: "Skip principal angles and spectra, which take most of the time.")
  var noAngles = false

  @Flag(name: .long, help: "Also print the overlap of every block.")
  var blocks = false

  @Option(
    name: .long, parsing: .upToNextOption,
    help: ArgumentHelp(
      "Exit with 1 when there is a finding of this name, or of this severity or above (low, medium, high).",
      valueName: "finding"))
  var failOn: [String] = []

  @OptionGroup var compute: ComputeOptions

  func validate() throws {
    guard files.count >= 2 else { throw ValidationError("Name at least two LoRA files to compare.") }
    guard picture.isEmpty || report != nil else {
      throw ValidationError("--picture puts a picture into the report; name the report with --report.")
    }
    for name in failOn where !Finding.names.contains(name) && Finding.Severity(rawValue: name) == nil {
      throw ValidationError(
        "--fail-on \(name): no such finding. There are: \((["low", "medium", "high"] + Finding.names).joined(separator: ", "))."
      )
    }
  }

  func run() async throws {
    let pictures = try HTMLPictures(picture)
    let adapters = try baseModel.bind(try await WeightedFile.open(files), strengths: files.map(\.strength))
    let names = WeightedFile.names(adapters)
    let subjects = zip(zip(adapters, names), files).map { Subject(adapter: $0.0, name: $0.1, strength: $1.strength) }
    let diagnosis = try await ProgressLine.following("measuring", unit: "layers") { progress in
      try await BlendReport.make(
        subjects, options: AnalysisOptions(detailed: !noAngles, workers: compute.workers, progress: progress))
    }
    if let report { try OutputFile.write(HTMLReport.render(diagnosis, pictures: pictures), to: report) }
    if json {
      try JSONOutput.print(diagnosis)
    } else {
      DiagnosisView(diagnosis, showsBlocks: blocks).lines().forEach { print($0) }
      if let report { print("\nReport: \(report)") }
    }
    guard !failed(diagnosis) else { throw ExitCode(Failure.Code.finding.rawValue) }
  }

  private func failed(_ diagnosis: BlendReport) -> Bool {
    diagnosis.findings.contains { finding in
      failOn.contains { name in
        name == finding.id || Finding.Severity(rawValue: name).map { finding.severity >= $0 } ?? false
      }
    }
  }
}
