import Adapters
import SafeTensors

/// What `troupe hash --json` prints.
struct HashReport: Encodable {
  let schema = 1
  var files: [File]
  var errors: [InspectionError]

  /// The hashes of a file.
  struct File: Encodable {
    var path: String
    /// The size; of an archive, unpacked.
    var size: Int
    var autov1: String
    var autov2: String
    var autov3: String
    /// SHA-256 of the 64 kB that AutoV1 is of.
    var autov1Sha256: String
    /// SHA-256 of the file.
    var sha256: String
    /// SHA-256 of the tensors, as in `sshs_model_hash`.
    var tensorsSha256: String
    /// The same as modelspec writes it.
    var modelspecHash: String
    /// The hashes that the metadata state.
    var stored: [Stored]

    init(_ path: String, size: Int, _ hashes: FileHashes, stored: [StoredHash]) {
      self.path = path
      self.size = size
      (autov1, autov2, autov3) = (hashes.autoV1, hashes.autoV2, hashes.autoV3)
      (autov1Sha256, sha256, tensorsSha256) = (hashes.middle, hashes.whole, hashes.tensors)
      modelspecHash = "0x\(hashes.tensors)"
      self.stored = stored.map {
        Stored(key: $0.key, value: $0.value, verdict: $0.verdict.rawValue, note: $0.note)
      }
    }
  }

  /// A hash that the metadata state.
  struct Stored: Encodable {
    var key: String
    var value: String
    /// `right`, `right-by-name`, `wrong`, `empty`, `uncheckable` or `base`.
    var verdict: String
    @Explicit var note: String?
  }
}
