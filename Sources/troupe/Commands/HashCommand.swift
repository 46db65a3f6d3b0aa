import Adapters
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

/// What `troupe hash --json` prints.
struct HashReport: Encodable {
  let schema = 1
  var files: [File]
  var errors: [InspectionError]

  /// The hashes of a file.
  struct File: Encodable {
    var path: String
    /// The size; of an archive, unpacked.
    var size: Int
    var autov1: String
    var autov2: String
    var autov3: String
    /// SHA-256 of the 64 kB that AutoV1 is of.
    var autov1Sha256: String
    /// SHA-256 of the file.
    var sha256: String
    /// SHA-256 of the tensors, as in `sshs_model_hash`.
    var tensorsSha256: String
    /// The same as modelspec writes it.
    var modelspecHash: String
    /// The hashes that the metadata state.
    var stored: [Stored]

    init(_ path: String, size: Int, _ hashes: FileHashes, stored: [StoredHash]) {
      self.path = path
      self.size = size
      (autov1, autov2, autov3) = (hashes.autoV1, hashes.autoV2, hashes.autoV3)
      (autov1Sha256, sha256, tensorsSha256) = (hashes.middle, hashes.whole, hashes.tensors)
      modelspecHash = "0x\(hashes.tensors)"
      self.stored = stored.map {
        Stored(key: $0.key, value: $0.value, verdict: $0.verdict.rawValue, note: $0.note)
      }
    }
  }

  /// A hash that the metadata state.
  struct Stored: Encodable {
    var key: String
    var value: String
    /// `right`, `right-by-name`, `wrong`, `empty`, `uncheckable` or `base`.
    var verdict: String
    @Explicit var note: String?
  }
}

/// What `troupe hash` prints of a file.
struct HashView {
  private let file: HashReport.File
  private let isFull: Bool
  private let style: Style

  init(_ file: HashReport.File, isFull: Bool, style: Style = .output) {
    self.file = file
    self.isFull = isFull
    self.style = style
  }

  func lines(width: Int = Terminal.width) -> [String] {
    var table = TextTable([.left, .left])
    let isShort = file.size <= 1 << 20
    table.add(["AutoV1", isFull ? file.autov1Sha256 : file.autov1])
    if isShort { table.add(["", "that of nothing, since the file is shorter than 1 MiB"]) }
    table.add(["AutoV2", isFull ? file.sha256 : file.autov2])
    table.add(["AutoV3", isFull ? file.tensorsSha256 : file.autov3])
    if isFull { table.add(["modelspec", file.modelspecHash]) }
    // A hash of 64 digits with its label is wider than 80 columns with anything beside it.
    let wide = max(width, 96)
    var lines =
      [style.bold(Terminal.sanitised(file.path)) + "  \(Numbers.bytes(file.size))"]
      + table.lines(indent: 2, width: isFull ? wide : width, style: style)
    guard !file.stored.isEmpty else { return lines + ["  no hash is stored in it"] }
    for stored in file.stored {
      let value = Terminal.sanitised(isFull ? stored.value : TextTable.cut(stored.value, to: 20))
      lines += TextWrap.lines(
        "\(stored.key) \(value)  \(verdict(stored))", width: isFull ? wide : width, indent: 2, hanging: 4)
    }
    return lines
  }

  private func verdict(_ stored: HashReport.Stored) -> String {
    let note = stored.note.map { " (\($0))" } ?? ""
    return switch StoredHash.Verdict(rawValue: stored.verdict) {
    case .right: style.green("✓ right")
    case .rightByName: style.green("✓ right, with the tensors in the order of their names")
    case .wrong: style.red("✗ wrong: the tensors have another")
    case .empty: style.yellow("✗ the hash of nothing") + note
    case .uncheckable: style.dim("cannot be checked") + note
    case .base, nil: style.dim("of the base model")
    }
  }
}
