import SafeTensors

/// What is wrong with metadata that are to be read or written, in one sentence.
struct MetadataError: Error, CustomStringConvertible {
  /// The file concerned.
  var path: String
  /// The metadata key.
  var key: String?
  /// What was found, and what to do; a clause without a final stop.
  var detail: String
  /// Whether the arguments are at fault and not a file.
  var isUsage = false

  var description: String { "\(path): \(key.map { "\($0.shortened(to: 80)): " } ?? "")\(detail)" }
}
