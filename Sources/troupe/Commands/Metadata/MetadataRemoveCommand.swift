import ArgumentParser
import SafeTensors

/// `troupe metadata remove`: entries away.
struct MetadataRemoveCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "remove",
    abstract: "Remove metadata entries.",
    discussion: """
      Examples:
        troupe metadata remove konrad.safetensors ss_tag_frequency ss_dataset_dirs --in-place
        troupe metadata remove konrad.safetensors 'ss_*' -o bare.safetensors
      """)

  @Argument(help: "The file: .safetensors, or .safetensors.zst.")
  var file: String

  @Argument(help: ArgumentHelp("Keys, or patterns with *, ? and [abc].", valueName: "key"))
  var keys: [String]

  @OptionGroup var writing: MetadataWriting

  func run() async throws {
    try await writing.run(file) { text in
      for pattern in keys.map(KeyPattern.init) {
        let names = text.names.filter(pattern.matches)
        // A pattern that matches nothing leaves the file as it should be; a name that is not there was mistyped.
        guard !names.isEmpty || pattern.isGlob else {
          throw MetadataError(path: file, key: pattern.text, detail: "the metadata have no such key")
        }
        for name in names { text[name] = nil }
      }
      return []
    }
  }
}
