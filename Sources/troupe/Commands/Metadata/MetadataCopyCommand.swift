import ArgumentParser
import SafeTensors

/// `troupe metadata copy`: entries of another file.
struct MetadataCopyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "copy",
    abstract: "Copy metadata entries from another file.",
    discussion: """
      Without keys all are copied, but for those that speak of the other file's own tensors: hashes, \
      lora_adapter_metadata and format. Named in full, these are copied too.

      Examples:
        troupe metadata copy --from epoch-10.safetensors konrad.safetensors --in-place
        troupe metadata copy --from old.safetensors new.safetensors 'modelspec.*' -o full.safetensors
      """)

  @Argument(help: "The file whose metadata are changed.")
  var file: String

  @Argument(help: ArgumentHelp("Keys, or patterns with *, ? and [abc]; all unless given.", valueName: "key"))
  var keys: [String] = []

  @Option(name: .long, help: ArgumentHelp("The file that the entries come from.", valueName: "file"))
  var from: String

  @Flag(name: .long, help: "Keep the entries that the file has; only add those it lacks.")
  var keepExisting = false

  @OptionGroup var writing: MetadataWriting

  /// What describes the bytes it stands with, and is wrong beside others.
  private static let own: Set<String> = [
    SafeTensorsWriter.hashKey, "sshs_legacy_hash", "modelspec.hash_sha256", "lora_adapter_metadata", "format",
  ]

  func run() async throws {
    let other = try SafeTensorsFile(path: from).header.metadata
    let patterns = keys.map(KeyPattern.init)
    for pattern in patterns where !other.keys.contains(where: pattern.matches) {
      throw MetadataError(path: from, key: pattern.text, detail: "the metadata have no such key")
    }
    let chosen = other.filter { entry in
      if patterns.contains(where: { !$0.isGlob && $0.matches(entry.key) }) { return true }
      return !Self.own.contains(entry.key)
        && (patterns.isEmpty || patterns.contains { $0.isGlob && $0.matches(entry.key) })
    }
    try await writing.run(file) { text in
      for (key, value) in chosen.sorted(by: { $0.key < $1.key }) where !keepExisting || text[key] == nil {
        text[key] = value
      }
      let left = other.keys.filter { Self.own.contains($0) && chosen[$0] == nil && patterns.isEmpty }.sorted()
      return left.isEmpty
        ? [] : ["not copied, since they speak of the other file's tensors: \(left.joined(separator: ", "))"]
    }
  }
}
