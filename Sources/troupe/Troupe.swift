import ArgumentParser
import LinearAlgebra

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// The command line: subcommands, and what every one of them does about errors.
@main
struct Troupe: AsyncParsableCommand {
  /// The version.
  static let version = "0.1.0"

  static let configuration = CommandConfiguration(
    commandName: "troupe",
    abstract: "Inspect, compare, merge and try out character LoRAs for Stable Diffusion.",
    discussion: """
      Exit codes: 0 done; 1 a finding you asked to fail on; 2 bad usage; 3 bad input; 4 failed while running.
      """,
    version: Troupe.version,
    subcommands: [
      InspectCommand.self, DiagnoseCommand.self, MergeCommand.self, ResizeCommand.self, ConvertCommand.self,
      ScaleCommand.self,
      SubtractCommand.self, BakeCommand.self, ExtractCommand.self, GenerateCommand.self,
      TrainCommand.self, DatasetCommand.self,
      MetadataCommand.self, HashCommand.self, PackCommand.self, UnpackCommand.self, DoctorCommand.self,
    ])

  /// Runs a command and turns its error, if any, into one sentence and an exit code.
  static func main() async {
    BLAS.useOneThread()
    WorkingMemory.keepFreed()
    // A file size limit then is an error like a full disk, and the temporary file is removed.
    signal(SIGXFSZ, SIG_IGN)
    do {
      var command = try parseAsRoot()
      if var asynchronous = command as? any AsyncParsableCommand {
        try await asynchronous.run()
      } else {
        try command.run()
      }
    } catch {
      Failure(error).exit()
    }
  }
}
