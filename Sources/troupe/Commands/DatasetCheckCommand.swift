import ArgumentParser
import Trainer

/// `troupe dataset check`: how often everything is used in a run, and what is wrong with pictures and captions.
struct DatasetCheckCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Count how often every picture is used in a run, and find mistakes in pictures and captions.",
    discussion: """
      The uses are those of the run itself, which is gone through without a model. Every finding says what to do.

      Examples:
        troupe dataset check cast.toml
        troupe dataset check cast.toml --pictures --fail-on problem
        troupe dataset check --dataset-config data.toml --steps 3000
        troupe dataset check --dataset-config train/ --reg reg/ --resolution 1024 --caption-extension .txt
      """)

  @OptionGroup var dataset: DatasetOptions

  @Flag(name: .long, help: "Also print the uses of every picture.")
  var pictures = false

  @Flag(name: .long, help: "Print the whole check as JSON.")
  var json = false

  @Option(
    name: .long, parsing: .upToNextOption,
    help: ArgumentHelp(
      "Exit with 1 when there is a finding of this name, or of this severity or above (note, warning, problem).",
      valueName: "finding"))
  var failOn: [String] = []

  @Option(name: .long, help: ArgumentHelp("How many pictures are read at once.", valueName: "count"))
  var workers: Int = ComputeOptions.cores

  func validate() throws {
    guard (1...256).contains(workers) else { throw ValidationError("--workers must be from 1 to 256.") }
    let names = DatasetCheck.Finding.names
    for name in failOn where !names.contains(name) && DatasetCheck.Finding.Severity(rawValue: name) == nil {
      throw ValidationError(
        "--fail-on \(name): no such finding. There are: \((["note", "warning", "problem"] + names).joined(separator: ", "))."
      )
    }
  }

  func run() async throws {
    let outline = try dataset.outline()
    let exposure = try await ProgressLine.following("drawing", unit: "steps") { progress in
      RunExposure(outline, progress: progress)
    }
    let paths = outline.pictures.pictures.map(\.path).filter { !$0.isEmpty }
    let facts = try await ProgressLine.following("reading", unit: "pictures") { progress in
      try await PictureFacts.all(paths, workers: workers, progress: progress)
    }
    let vocabulary = CheckVocabulary(checkpoint: outline.checkpoint, environment: Terminal.variable)
    let check = DatasetCheck(outline, exposure: exposure, facts: facts, vocabulary: vocabulary)
    if json {
      try JSONOutput.print(check)
    } else {
      DatasetCheckView(check, showsPictures: pictures).lines().forEach { print($0) }
    }
    guard !failed(check) else { throw ExitCode(Failure.Code.finding.rawValue) }
  }

  private func failed(_ check: DatasetCheck) -> Bool {
    check.findings.contains { finding in
      failOn.contains { name in
        name == finding.id || DatasetCheck.Finding.Severity(rawValue: name).map { finding.severity >= $0 } ?? false
      }
    }
  }
}
