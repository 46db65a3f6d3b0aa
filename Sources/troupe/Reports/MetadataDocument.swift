/// What `troupe metadata show --json` prints.
struct MetadataDocument: Encodable {
  let schema = 1
  var file: String
  var metadata: [String: String]
  /// The header's size, its length and padding included.
  var headerBytes: Int
  /// How much of it is padding.
  var spareBytes: Int
}
