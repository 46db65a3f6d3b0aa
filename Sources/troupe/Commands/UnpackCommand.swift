import ArgumentParser
import SafeTensors

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
