import ArgumentParser
import SafeTensors

/// Options of packing and unpacking alike.
struct ArchiveOptions: ParsableArguments {
  @Option(
    name: .shortAndLong,
    help: ArgumentHelp("The file to write, for one file. Default: beside the original.", valueName: "file"))
  var output: String?

  @Flag(name: .long, help: "Read what was written again and compare every byte, before it gets its name.")
  var verify = false

  @Flag(name: .long, help: "Replace outputs that exist. Never replaces an original.")
  var force = false

  @Flag(name: .long, help: "Print what was done as JSON.")
  var json = false

  @Option(
    name: .long, help: ArgumentHelp("How many frames are worked on at once. Default: all cores.", valueName: "count"))
  var workers: Int = ComputeOptions.cores

  func validate() throws {
    guard (1...256).contains(workers) else { throw ValidationError("--workers must be from 1 to 256.") }
  }

  /// Does the work for each file, and says what was done.
  ///
  /// - Parameters:
  ///   - files: the originals.
  ///   - verb: what is done, for the line of progress.
  ///   - target: the name of a file's output where none is given.
  ///   - work: does it for one file.
  func run(
    _ files: [String], verb: String, target: (String) -> String,
    _ work: (_ file: String, _ output: String, _ progress: @escaping @Sendable (Int, Int) -> Void) async throws ->
      Archive.Result
  ) async throws {
    if output != nil, files.count > 1 { throw ValidationError("--output is for one file; leave it out for several.") }
    var results: [ArchiveReport.Entry] = []
    for file in files {
      let place = output ?? target(file)
      guard !OutputFile.isSame(file, place) else {
        throw ValidationError("The output \(place) is the file being read; originals are never replaced.")
      }
      let start = ContinuousClock.now
      let result = try await ProgressLine.following("\(verb) \(file)", unit: "MB") { progress in
        try await work(file, place) { progress($0 / 1_000_000, $1 / 1_000_000) }
      }
      let entry = ArchiveReport.Entry(file, result, seconds: (ContinuousClock.now - start) / .seconds(1))
      results.append(entry)
      // One line as soon as a file is done: a folder of checkpoints takes minutes.
      if !json { ArchiveView(entry).lines().forEach { print($0) } }
    }
    if json { try JSONOutput.print(ArchiveReport(files: results)) }
  }

  var existing: SafeTensorsWriter.Existing { force ? .replace : .refuse }
}

/// `troupe pack`: files into archives.
struct PackCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pack",
    abstract: "Pack files into .safetensors.zst archives that stay usable.",
    discussion: """
      The archive is plain zstd: `zstd -d` gives the file back, bit by bit. Besides, it has a table of its frames, so \
      that every command of Troupe reads the header and single tensors without unpacking the rest. Every frame has a \
      checksum. Originals are kept.

      Examples:
        troupe pack konrad.safetensors --verify
        troupe pack --level 12 *.safetensors
      """)

  @Argument(help: "Files: .safetensors.")
  var files: [String]

  @Option(
    name: .long,
    help: ArgumentHelp("zstd's level, 1 to 22; weights gain little above 3.", valueName: "level"))
  var level: Int = 3

  @OptionGroup var archive: ArchiveOptions

  func validate() throws {
    guard Archive.levels.contains(level) else {
      throw ValidationError("--level must be from \(Archive.levels.lowerBound) to \(Archive.levels.upperBound).")
    }
    if let output = archive.output, !output.hasSuffix(".safetensors.zst") {
      throw ValidationError("--output must end in .safetensors.zst.")
    }
  }

  func run() async throws {
    for file in files where !file.hasSuffix(".safetensors") {
      throw ValidationError("\(file) is not named .safetensors; only such files are packed.")
    }
    try await archive.run(files, verb: "packing", target: { "\($0).zst" }) { file, output, progress in
      try await Archive.pack(
        SafeTensorsFile(path: file), to: output, level: level, existing: archive.existing, verifies: archive.verify,
        workers: archive.workers, progress: progress)
    }
  }
}

/// `troupe unpack`: archives into files.
struct UnpackCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "unpack",
    abstract: "Unpack .safetensors.zst archives.",
    discussion: """
      Archives of `troupe pack` and other seekable ones are unpacked by several threads, any other zstd archive by one, \
      in little memory. Checksums are compared; a damaged archive leaves nothing behind. Originals are kept.

      Examples:
        troupe unpack konrad.safetensors.zst
        troupe unpack konrad.safetensors.zst -o /models/konrad.safetensors --verify
      """)

  @Argument(help: "Archives: .safetensors.zst.")
  var files: [String]

  @OptionGroup var archive: ArchiveOptions

  func validate() throws {
    if let output = archive.output, !output.hasSuffix(".safetensors") {
      throw ValidationError("--output must end in .safetensors.")
    }
  }

  func run() async throws {
    for file in files where !file.hasSuffix(".safetensors.zst") {
      throw ValidationError("\(file) is not named .safetensors.zst; only such archives are unpacked.")
    }
    try await archive.run(files, verb: "unpacking", target: { String($0.dropLast(4)) }) { file, output, progress in
      try await Archive.unpack(
        file, to: output, existing: archive.existing, verifies: archive.verify, workers: archive.workers,
        progress: progress)
    }
  }
}
