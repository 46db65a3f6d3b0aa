import Adapters
import ArgumentParser
import SafeTensors

extension InspectCommand {
  /// Lists every file below folders, one row each, as they are read.
  func list() async throws {
    let clock = ContinuousClock.now
    var summary = FolderSummary()
    var entries: [FolderWalk.Entry] = []
    for path in files {
      guard FolderContents.isFolder(path) else {
        entries.append(FolderWalk.Entry(path: path))
        continue
      }
      let walk = try FolderWalk(below: path, endings: [".safetensors", ".safetensors.zst"])
      entries += walk.entries
      summary.skipped += walk.skipped
    }
    let found = entries
    let options = InspectionOptions(weights: weights ?? false, hashes: hash ? .always : .never)
    let line = ProgressLine("Reading", unit: "files")
    // On a terminal the rows themselves show how far it is.
    let showsProgress = !Terminal.showsOutput
    var screen = FolderScreen(json: json)
    try await OrderedReading.run(count: found.count, width: compute.workers) { index in
      let entry = found[index]
      if let problem = entry.problem { return FolderRow(path: entry.path, error: problem) }
      return await FolderRow.read(entry.path, options: options)
    } use: { index, row in
      summary.add(row)
      try screen.show(row)
      if failOn.contains("any") ? !row.warnings.isEmpty : row.warnings.contains(where: failOn.contains) {
        screen.hasFinding = true
      }
      if showsProgress { line.update(index + 1, of: found.count) }
    }
    line.finish()
    summary.seconds = (ContinuousClock.now - clock) / .seconds(1)
    try screen.finish(summary)
    if screen.hasFinding || (failOn.contains("bad") && summary.bad > 0) {
      throw ExitCode(Failure.Code.finding.rawValue)
    }
  }
}

/// Prints rows one after the other, as a table or as lines of JSON.
private struct FolderScreen {
  let json: Bool
  /// Whether a file has a warning that the user asked to fail on.
  var hasFinding = false
  private let table = FolderTable()
  private var folder: String?

  init(json: Bool) { self.json = json }

  mutating func show(_ row: FolderRow) throws {
    if json { return print(try JSONOutput.line(row)) }
    if folder == nil { print(table.header) }
    if row.folder != folder {
      folder = row.folder
      print(table.folder(row.folder))
    }
    for line in table.lines(row) { print(line) }
  }

  func finish(_ summary: FolderSummary) throws {
    if json { return print(try JSONOutput.line(summary)) }
    if folder != nil { print("") }
    for line in TextWrap.lines(summary.text) { print(line) }
  }
}
