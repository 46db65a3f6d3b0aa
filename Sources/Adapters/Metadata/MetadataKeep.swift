import SafeTensors

/// What is left of a file's metadata when it is given to others.
///
/// Each keeps what those below it keep. What none of them names is taken out, keys that are not known among it: a list
/// of what may stay forgets nothing.
///
/// - `recipe`: how it was trained, so that others can learn from it: networks, rates, noise, steps, seeds, counts of
///   pictures and repeats, bucket sizes, the base model, comments. Not what it was trained on: tags, captions, the names of
///   folders and files. Folders become “folder 1” and so on, so that repeats and counts are still told.
/// - `credits`: who made it, its licence, title, description, trigger and thumbnail (all of `modelspec.*`), the base model
///   it is for, and the hashes by which sites know it.
/// - `nothing`: what loaders need to read the weights and to apply them at the right strength.
package enum MetadataKeep: String, Sendable, CaseIterable {
  case recipe, credits, nothing

  /// What becomes of an entry.
  package enum Fate: Sendable, Equatable {
    /// It stays as it is.
    case kept
    /// It is taken out.
    case removed
    /// Names are taken out of it.
    case changed(String)
  }

  /// What becomes of an entry.
  package func fate(of key: String, _ value: String) -> Fate {
    if Self.isForLoaders(key) { return .kept }
    if self == .nothing { return .removed }
    if Self.isCredit(key) {
      // A path tells a user's name and drives; the model's own name is what others need.
      guard Self.modelNames.contains(key) else { return .kept }
      let name = value.lastPathComponent
      return name == value ? .kept : .changed(name)
    }
    return self == .recipe && Self.isRecipe(key) ? MetadataRedaction.fate(of: key, value) : .removed
  }

  /// `unet:0:rank` and its kin are cloneofsimo's; `_quantization_metadata` is ComfyUI's, without which weights of 8 bits
  /// have the wrong scale.
  private static func isForLoaders(_ key: String) -> Bool {
    if ["format", "lora_adapter_metadata", "troupe.configuration", "_quantization_metadata"].contains(key) {
      return true
    }
    if ["unet", "text_encoder"].contains(key) { return true }
    let pieces = key.split(separator: ":")
    return pieces.count == 3 && Int(pieces[1]) != nil && ["rank", "alpha"].contains(pieces[2])
  }

  private static let modelNames: Set<String> = ["ss_sd_model_name", "ss_vae_name"]

  private static let creditKeys: Set<String> = [
    "ss_output_name", "ss_base_model_version", "ss_v2", "ss_sd_model_name", "ss_sd_model_hash", "ss_new_sd_model_hash",
    "ss_vae_name", "ss_vae_hash", "ss_new_vae_hash", "sshs_model_hash", "sshs_legacy_hash", "software", "name",
    "version", "license", "author",
  ]

  private static func isCredit(_ key: String) -> Bool { key.hasPrefix("modelspec.") || creditKeys.contains(key) }

  private static func isRecipe(_ key: String) -> Bool {
    key.hasPrefix("ss_") || key.hasPrefix("ot_") || key.hasPrefix("troupe.") || key == "training_info"
  }
}

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
