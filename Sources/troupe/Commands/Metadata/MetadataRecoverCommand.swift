import ArgumentParser
import SafeTensors

/// `troupe metadata recover`: ends an edit that was interrupted.
struct MetadataRecoverCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "recover",
    abstract: "Put back the header of a file whose edit in place was interrupted.",
    discussion: """
      While a header is written in place, the old one lies beside the file as FILE.header-before-edit. It stays there \
      only if the machine or the program stopped in between.
      """)

  @Argument(help: "The file.")
  var file: String

  @Flag(help: "Print what was done as JSON.")
  var json = false

  func run() throws {
    let recovery = try HeaderJournal.recover(file)
    if json {
      try JSONOutput.print(Report(file: file, recovery: recovery.rawValue))
    } else {
      let what =
        switch recovery {
        case .restored: "the header of before the edit is back"
        case .unchanged: "the header had not been changed yet; the journal is removed"
        }
      print("\(Terminal.sanitised(file)): \(what)")
    }
  }

  private struct Report: Encodable {
    let schema = 1
    var file: String
    var recovery: String
  }
}
