import ArgumentParser
import SafeTensors

/// `troupe hash`: the hashes by which sites and UIs know files.
struct HashCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "hash",
    abstract: "Compute a file's hashes, and say which of those stored in it are right.",
    discussion: """
      AutoV1 (A1111's first): 8 digits of the SHA-256 of 64 kB in the file's middle.
      AutoV2 (Civitai): 10 digits of the SHA-256 of the file. Changes with the metadata.
      AutoV3 (Civitai, A1111, kohya's sshs_model_hash): 12 digits of the SHA-256 of the tensors alone.

      Of an archive (.safetensors.zst), those of the file in it. The file is read once.

      Examples:
        troupe hash konrad.safetensors lisar.safetensors
        troupe hash --full --fail-on wrong *.safetensors
        troupe hash --json konrad.safetensors | jq -r '.files[0].autov3'
      """)

  /// What a file can be failed for.
  enum Finding: String, ExpressibleByArgument, CaseIterable {
    case wrong, empty
  }

  @Argument(help: "Files: .safetensors, or .safetensors.zst.")
  var files: [String]

  @Flag(help: "Print whole hashes instead of the short forms.")
  var full = false

  @Option(
    help: ArgumentHelp(
      "Exit with code 1 when a stored hash is wrong, or is that of nothing (empty). May be repeated.",
      valueName: "wrong|empty"))
  var failOn: [Finding] = []

  @Flag(help: "Print JSON for scripts.")
  var json = false

  func run() async throws {
    var reports: [HashReport.File] = []
    var errors: [InspectionError] = []
    for path in files {
      do {
        reports.append(try await report(path))
      } catch {
        guard let known = InspectionError(error, path: path) else { throw error }
        if files.count == 1, !json { throw error }
        errors.append(known)
        Terminal.writeError(Style.error.red("error:") + " \(Terminal.sanitised(known.description))\n")
      }
    }
    if json {
      try JSONOutput.print(HashReport(files: reports, errors: errors))
    } else {
      for (index, file) in reports.enumerated() {
        if index > 0 { print("") }
        HashView(file, isFull: full).lines().forEach { print($0) }
      }
    }
    if !errors.isEmpty { throw ExitCode(Failure.Code.input.rawValue) }
    let verdicts = reports.flatMap(\.stored).map(\.verdict)
    if failOn.contains(where: { verdicts.contains($0.rawValue) }) { throw ExitCode(Failure.Code.finding.rawValue) }
  }

  private func report(_ path: String) async throws -> HashReport.File {
    let file = try SafeTensorsFile(path: path)
    guard file.pieces.isEmpty else {
      throw SafeTensorsError(
        path: path, rule: .shards,
        detail: "stands for \(file.pieces.count) files, which sites know one by one; name these")
    }
    let line = ProgressLine("hashing \(path)", unit: "MB")
    defer { line.finish() }
    let hashes = try await file.hashes { line.update($0 / 1_000_000, of: $1 / 1_000_000) }
    return HashReport.File(path, size: file.size, hashes, stored: try StoredHash.all(in: file, hashes: hashes))
  }
}
