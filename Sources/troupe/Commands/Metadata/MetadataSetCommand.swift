import ArgumentParser
import SafeTensors

/// `troupe metadata set`: entries anew.
struct MetadataSetCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "set",
    abstract: "Set metadata entries.",
    discussion: """
      Values of known keys are checked: ss_* as sd-scripts writes them (True, 0.0001, JSON), modelspec.* by the \
      specification 1.0.1, lora_adapter_metadata by what loaders read in it.

      Examples:
        troupe metadata set konrad.safetensors modelspec.title='Konrad' modelspec.license='CC-BY 4.0' --in-place
        troupe metadata set konrad.safetensors --value-from-file modelspec.description=about.txt -o k.safetensors
        troupe metadata set konrad.safetensors --from-json konrad.json --in-place
      """)

  @Argument(help: "The file: .safetensors, or .safetensors.zst.")
  var file: String

  @Argument(help: ArgumentHelp("Entries; the value may be empty.", valueName: "key=value"))
  var entries: [String] = []

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Set the entries of a JSON object, or of what `show --json` printed. Before the others.", valueName: "file"))
  var fromJson: String?

  @Option(
    name: .long, help: ArgumentHelp("Set an entry to the text in a file. May be repeated.", valueName: "key=file"))
  var valueFromFile: [String] = []

  @Flag(name: .long, help: "Write values whose form is not the key's.")
  var noCheck = false

  @OptionGroup var writing: MetadataWriting

  func validate() throws {
    guard !entries.isEmpty || fromJson != nil || !valueFromFile.isEmpty else {
      throw ValidationError("Nothing to set: give KEY=VALUE, --from-json or --value-from-file.")
    }
    for entry in entries + valueFromFile where Self.split(entry) == nil {
      throw ValidationError("“\(entry)” is not of the form KEY=VALUE.")
    }
  }

  func run() async throws {
    var values: [(key: String, value: String)] = []
    if let fromJson { values += try MetadataJSON.entries(fromJson) }
    for (key, path) in valueFromFile.compactMap(Self.split) { values.append((key, try MetadataJSON.text(path))) }
    values += entries.compactMap(Self.split)
    for (key, value) in values { try MetadataWriting.check(file, key, value, checks: !noCheck) }
    try await writing.run(file) { text in
      for (key, value) in values { text[key] = value }
      return []
    }
  }

  private static func split(_ entry: String) -> (key: String, value: String)? {
    guard let place = entry.firstIndex(of: "="), place > entry.startIndex else { return nil }
    return (String(entry[..<place]), String(entry[entry.index(after: place)...]))
  }
}
