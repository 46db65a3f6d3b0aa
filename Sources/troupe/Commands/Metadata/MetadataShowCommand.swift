import ArgumentParser
import SafeTensors

/// `troupe metadata show`: the metadata as they are stored.
struct MetadataShowCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show",
    abstract: "Print one value as it is stored, or all of them.",
    discussion: """
      One key prints its value and nothing else. Several keys, patterns such as 'ss_*', or none print a table, whose \
      long values are cut unless --full is given.

      Examples:
        troupe metadata show konrad.safetensors
        troupe metadata show konrad.safetensors modelspec.trigger_phrase
        troupe metadata show konrad.safetensors --json > konrad.json
      """)

  @Argument(help: "The file: .safetensors, or .safetensors.zst.")
  var file: String

  @Argument(help: ArgumentHelp("Keys, or patterns with *, ? and [abc].", valueName: "key"))
  var keys: [String] = []

  @Flag(help: "Print whole values.")
  var full = false

  @Flag(help: "Print JSON for scripts.")
  var json = false

  func run() throws {
    let edit = try MetadataEdit(path: file)
    let patterns = keys.map(KeyPattern.init)
    let names = edit.text.names.filter { name in patterns.isEmpty || patterns.contains { $0.matches(name) } }
    for pattern in patterns where !pattern.isGlob && edit.text[pattern.text] == nil {
      throw MetadataError(path: file, key: pattern.text, detail: "the metadata have no such key")
    }
    if json {
      try JSONOutput.print(
        MetadataDocument(
          file: file, metadata: Dictionary(uniqueKeysWithValues: names.map { ($0, edit.text[$0] ?? "") }),
          headerBytes: edit.file.header.dataStart, spareBytes: edit.spare))
      return
    }
    if patterns.count == 1, !patterns[0].isGlob {
      // As it is, for a pipe; on a terminal control characters could do harm.
      let value = edit.text[patterns[0].text] ?? ""
      print(Terminal.isTerminal(1) ? Terminal.sanitised(value) : value)
      return
    }
    MetadataTable(names.map { ($0, edit.text[$0] ?? "") }, isFull: full).lines().forEach { print($0) }
  }
}
