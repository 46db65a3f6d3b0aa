import SafeTensors

/// Takes names out of a recipe.
enum MetadataRedaction {
  /// What is left of an entry of a recipe.
  static func fate(of key: String, _ value: String) -> MetadataKeep.Fate {
    if key == "ss_tag_frequency" { return .removed }
    if ["ss_dataset_dirs", "ss_reg_dataset_dirs"].contains(key) {
      guard let folders = (try? JSONParser.parse(value))?.members else { return .removed }
      let named = folders.enumerated().map { JSONValue.Member(name: "folder \($0 + 1)", value: $1.value) }
      return changed(JSONValue.object(named), from: value)
    }
    if let document = try? JSONParser.parse(value), document.members != nil || document.elements != nil {
      var folders: [String: String] = [:]
      let redacted = redacted(document, &folders)
      // A document without names keeps its spelling, spaces and all.
      return redacted == document ? .kept : .changed(redacted.text)
    }
    return isPath(value) ? .changed(value.lastPathComponent) : .kept
  }

  private static func changed(_ document: JSONValue, from value: String) -> MetadataKeep.Fate {
    document.text == value ? .kept : .changed(document.text)
  }

  /// What is in documents of sd-scripts, musubi-tuner, OneTrainer and Troupe that tells what was trained on.
  private static let removed: Set<String> = [
    "tag_frequency", "class_tokens", "caption_prefix", "caption_suffix", "metadata_file", "image_jsonl_file",
    "concepts", "concept_file_name", "samples", "sample_definition_file_name", "prompt", "prompts", "sample_prompts",
    "workspace_dir", "cache_dir", "debug_dir", "metadata", "tags",
  ]
  /// What names a folder, whose name is replaced.
  private static let folders: Set<String> = [
    "image_dir", "image_directory", "control_directory", "video_directory", "conditioning_data_dir",
  ]

  private static func redacted(_ value: JSONValue, _ folders: inout [String: String]) -> JSONValue {
    switch value {
    case .object(let members):
      var result: [JSONValue.Member] = []
      for member in members where !removed.contains(member.name) {
        if Self.folders.contains(member.name), let name = member.value.string {
          let known = folders[name] ?? "folder \(folders.count + 1)"
          folders[name] = known
          result.append(.init(name: member.name, value: .string(known)))
        } else {
          result.append(.init(name: member.name, value: redacted(member.value, &folders)))
        }
      }
      return .object(result)
    case .array(let elements): return .array(elements.map { redacted($0, &folders) })
    case .string(let text): return .string(isPath(text) ? text.lastPathComponent : text)
    default: return value
    }
  }

  /// Whether a text begins like a full path: `/home/…`, `~/…`, `C:\…`, `\\server\…`.
  private static func isPath(_ text: String) -> Bool {
    if text.hasPrefix("~/") || text.hasPrefix("\\\\") { return true }
    if text.hasPrefix("/") { return text.dropFirst().contains("/") }
    let letters = Array(text.utf8.prefix(3))
    return letters.count == 3 && letters[1] == UInt8(ascii: ":")
      && (letters[2] == UInt8(ascii: "\\") || letters[2] == UInt8(ascii: "/"))
      && Unicode.Scalar(letters[0]).properties.isAlphabetic
  }
}
