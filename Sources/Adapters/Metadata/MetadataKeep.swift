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
    if ["format", "lora_adapter_metadata", "troupe.configuration", "_quantization_metadata", Architecture.convertedKey]
      .contains(key)
    {
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
