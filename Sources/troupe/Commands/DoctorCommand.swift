import ArgumentParser

/// `troupe doctor`: what of this machine models and pictures can use, and what is missing.
struct DoctorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract: "Check what models and pictures need here: libtorch, devices, image formats, CLIP's vocabulary.",
    discussion: """
      For everything that is missing there is the command that mends it. Inspecting and merging LoRAs need none of it.

      Examples:
        troupe doctor
        troupe doctor --fail-on missing
      """)

  @Option(
    name: .long, parsing: .upToNextOption,
    help: ArgumentHelp(
      "Exit with 1 when this is missing (\(DoctorReport.Check.names.joined(separator: ", "))), or anything: missing.",
      valueName: "check"))
  var failOn: [String] = []

  @Flag(name: .long, help: "Print what was found as JSON.")
  var json = false

  func validate() throws {
    for name in failOn where name != "missing" && !DoctorReport.Check.names.contains(name) {
      throw ValidationError(
        "--fail-on \(name): no such check. There are: \((["missing"] + DoctorReport.Check.names).joined(separator: ", "))."
      )
    }
  }

  func run() throws {
    let report = DoctorReport.made()
    if json {
      try JSONOutput.print(report)
    } else {
      DoctorView(report).lines().forEach { print($0) }
    }
    let fails = report.checks.contains { check in
      !check.isThere && (failOn.contains("missing") || failOn.contains(check.name))
    }
    guard !fails else { throw ExitCode(Failure.Code.finding.rawValue) }
  }
}
