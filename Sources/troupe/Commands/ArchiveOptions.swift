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
