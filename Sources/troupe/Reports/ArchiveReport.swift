import Adapters
import SafeTensors

/// What packing and unpacking print as JSON.
struct ArchiveReport: Encodable {
  let schema = 1
  var files: [Entry]

  /// A file that was packed or unpacked.
  struct Entry: Encodable {
    var file: String
    var output: String
    /// The size of the safetensors file.
    var bytes: Int
    /// The size of the archive.
    var packedBytes: Int
    /// The archive's size as a share of the file's.
    var share: Double
    /// How many frames the archive has; null for one without a seek table.
    @Explicit var frames: Int?
    /// Whether what was written was read again and compared.
    var verified: Bool
    var seconds: Double

    init(_ file: String, _ result: Archive.Result, seconds: Double) {
      self.file = file
      output = result.path
      (bytes, packedBytes, frames) = (result.size, result.packedSize, result.frames)
      share = result.size > 0 ? Double(result.packedSize) / Double(result.size) : 1
      verified = result.isVerified
      self.seconds = seconds
    }
  }
}
