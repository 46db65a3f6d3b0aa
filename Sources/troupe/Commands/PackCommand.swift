import ArgumentParser
import SafeTensors

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
