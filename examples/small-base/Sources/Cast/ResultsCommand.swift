import ArgumentParser
import SafeTensors
import Trainer

/// `small-base cast results`: the tables of the study, from its records.
struct ResultsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "results",
    abstract: "Put the tables of all records into a document, between <!-- begin NAME --> and <!-- end NAME -->.")

  @Option(help: "The folder of the records.") var records: String
  @Option(help: "The document.") var document: String
  @Option(help: "The picture of the main numbers, as SVG.") var plot: String
  @Flag(help: "Change nothing; fail if the document does not say what the records do.") var check = false

  func run() throws {
    let all = try Self.records(in: records)
    let before = String(decoding: try TextFile.contents(document) ?? [], as: UTF8.self)
    let after = try Self.filled(before, StudyTable.blocks(all), document)
    let picture = StudyPlot.svg(StudyTable.main, all)
    if check {
      let drawn = String(decoding: try TextFile.contents(plot) ?? [], as: UTF8.self)
      for (path, isTrue) in [(document, before == after), (plot, drawn == picture)] where !isTrue {
        throw RecipeFailure("\(path): is not what the records say; run results without --check")
      }
    } else {
      try WholeFile.write(Array(after.utf8), to: document)
      try WholeFile.write(Array(picture.utf8), to: plot)
    }
    for record in all { print(StudyTable.line(record)) }
  }

  /// All records of a folder, by name.
  static func records(in folder: String) throws -> [StudyRecord] {
    try FolderContents.names(in: folder).sorted().filter { $0.hasSuffix(".json") }
      .map { try StudyRecord(path: "\(folder)/\($0)") }
  }

  /// A document with blocks in their places.
  static func filled(_ document: String, _ blocks: [String: String], _ path: String) throws -> String {
    var lines: [Substring] = []
    var open: String?
    for line in document.split(separator: "\n", omittingEmptySubsequences: false) {
      if let name = open {
        guard line == "<!-- end \(name) -->" else { continue }
        open = nil
      }
      lines.append(line)
      guard line.hasPrefix("<!-- begin "), line.hasSuffix(" -->") else { continue }
      let name = String(line.dropFirst(11).dropLast(4))
      guard let block = blocks[name] else { throw RecipeFailure("\(path): has a place for \(name), which is no table") }
      lines.append(Substring(block))
      open = name
    }
    if let open { throw RecipeFailure("\(path): lacks <!-- end \(open) -->") }
    return lines.joined(separator: "\n")
  }
}
