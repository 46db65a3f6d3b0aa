import Adapters
import ArgumentParser
import SafeTensors

/// Options of every command that changes metadata, and what they do.
struct MetadataWriting: ParsableArguments {
  @Option(name: .shortAndLong, help: ArgumentHelp("The file to write; the original is kept.", valueName: "file"))
  var output: String?

  @Flag(name: .long, help: "Change the file itself; only its header is written where the new one fits.")
  var inPlace = false

  @Flag(name: .long, help: "Replace the output if it exists. Never replaces the original.")
  var force = false

  @Flag(
    name: .long,
    help:
      "Also write sshs_model_hash, and modelspec.hash_sha256 where it is stored, as the tensors have them. Reads the whole file."
  )
  var rehash = false

  @Flag(name: .long, help: "Print what was done as JSON.")
  var json = false

  func validate() throws {
    guard (output != nil) != inPlace else {
      throw ValidationError(
        output == nil
          ? "Name the file to write with --output, or change the file itself with --in-place."
          : "--output and --in-place exclude each other.")
    }
    if force, inPlace { throw ValidationError("--force goes with --output.") }
    if let output, !output.hasSuffix(".safetensors"), !output.hasSuffix(".safetensors.zst") {
      throw ValidationError("--output must end in .safetensors or .safetensors.zst.")
    }
  }

  /// Edits a file and reports what became of it.
  /// - Parameter change: edits the header; what it returns is said besides.
  func run(_ path: String, _ change: (inout HeaderText) throws -> [String]) async throws {
    if let output { try OutputFile.refuseOriginal(path, output) }
    var edit = try MetadataEdit(path: path)
    let before = edit.text
    let notes = try change(&edit.text)
    if rehash {
      let hash = try await edit.file.tensorHashOnThread()
      edit.text[SafeTensorsWriter.hashKey] = hash
      if edit.text["modelspec.hash_sha256"] != nil { edit.text["modelspec.hash_sha256"] = "0x\(hash)" }
    }
    let workers = ComputeOptions.cores
    let outcome =
      if let output {
        try await edit.write(to: output, existing: force ? .replace : .refuse, workers: workers)
      } else {
        try await edit.writeInPlace(workers: workers)
      }
    let report = MetadataReport(path, before: before, after: edit.text, outcome: outcome, notes: notes)
    if json {
      try JSONOutput.print(report)
    } else {
      MetadataView(report).lines().forEach { print($0) }
    }
  }

  /// Stops a value of the wrong form, unless that is allowed.
  static func check(_ path: String, _ key: String, _ value: String, checks: Bool) throws {
    guard checks, let problem = MetadataCheck.problem(key, value) else { return }
    throw MetadataError(
      path: path, key: key, detail: "\(problem); write it nonetheless with --no-check", isUsage: true)
  }
}
