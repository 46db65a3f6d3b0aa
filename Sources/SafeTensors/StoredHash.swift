/// A hash that a file states of itself or of its base model, and whether it is right.
public struct StoredHash: Sendable, Hashable {
  /// What a comparison says.
  public enum Verdict: String, Sendable, CaseIterable {
    /// It is the hash of the tensors.
    case right
    /// It is the hash of the tensors in the order of their names, as OneTrainer writes it.
    case rightByName = "right-by-name"
    /// It is another: the tensors were changed since, or hashed in another form.
    case wrong
    /// It is the hash of nothing, which trainers write that hash an empty buffer.
    case empty
    /// It cannot be compared: what it is the hash of is not in the file any more.
    case uncheckable
    /// It is of the base model, and told for information.
    case base
  }

  /// The metadata key.
  public var key: String
  /// The value as it is stored.
  public var value: String
  /// What a comparison says.
  public var verdict: Verdict
  /// Why, as a clause; nil where the verdict says all.
  public var note: String?

  /// The hashes of base models.
  private static let baseKeys = ["ss_sd_model_hash", "ss_new_sd_model_hash", "ss_vae_hash", "ss_new_vae_hash"]

  /// Compares the hashes that a file's metadata state.
  ///
  /// - Parameters:
  ///   - file: the file.
  ///   - hashes: its hashes.
  /// - Throws: ``SafeTensorsError`` when tensors cannot be read, which is needed only where another order must be tried.
  package static func all(in file: SafeTensorsFile, hashes: FileHashes) throws(SafeTensorsError) -> [StoredHash] {
    let metadata = file.header.metadata
    var found: [StoredHash] = []
    if let stored = metadata["sshs_model_hash"] {
      found.append(StoredHash(key: "sshs_model_hash", value: stored, verdict: tensors(stored, hashes)))
    }
    if let stored = metadata["sshs_legacy_hash"] {
      let isEmpty = !stored.isEmpty && FileHashes.ofNothing.hasPrefix(stored.lowercased())
      found.append(
        StoredHash(
          key: "sshs_legacy_hash", value: stored, verdict: isEmpty ? .empty : .uncheckable,
          note: isEmpty
            ? "as in every file below 1 MiB" : "it covers a header of the trainer's, whose order is not kept"))
    }
    if let stored = metadata["modelspec.hash_sha256"] {
      let digits = stored.lowercased().hasPrefix("0x") ? String(stored.dropFirst(2)) : stored
      var verdict = tensors(digits, hashes)
      if verdict == .wrong, digits.lowercased() == (try file.tensorHashByName()) { verdict = .rightByName }
      found.append(StoredHash(key: "modelspec.hash_sha256", value: stored, verdict: verdict))
    }
    for key in baseKeys {
      guard let stored = metadata[key], !stored.isEmpty, stored != "None" else { continue }
      let isEmpty = FileHashes.ofNothing.hasPrefix(stored.lowercased())
      found.append(StoredHash(key: key, value: stored, verdict: isEmpty ? .empty : .base))
    }
    return found
  }

  private static func tensors(_ stored: String, _ hashes: FileHashes) -> Verdict {
    let stored = stored.lowercased()
    // Sites store the short form too.
    if stored.utf8.count >= 8, hashes.tensors.hasPrefix(stored) { return .right }
    if stored.utf8.count >= 8, FileHashes.ofNothing.hasPrefix(stored) { return .empty }
    return .wrong
  }
}
