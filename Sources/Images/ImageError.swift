/// What was wrong with a picture, in one sentence: which file, what was found, what to do.
public struct ImageError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What a caller can tell apart.
  public enum Kind: String, Sendable, CaseIterable {
    /// libvips could not be opened.
    case unavailable
    /// The file cannot be opened or read.
    case cannotOpen = "cannot-open"
    /// The file has no bytes.
    case empty
    /// The file is of no known image format.
    case notAnImage = "not-an-image"
    /// The file ends early or its contents make no sense.
    case damaged
    /// The picture has more pixels than are allowed.
    case tooLarge = "too-large"
    /// This libvips was built without the format.
    case missingCodec = "missing-codec"
    /// The samples, channels or texts cannot be read or written this way.
    case unsuitable
    /// The output exists already and may not be replaced.
    case exists
    /// Writing failed: no space, no permission.
    case cannotWrite = "cannot-write"
  }

  /// What went wrong.
  public var kind: Kind
  /// The file, as the caller named it.
  public var path: String
  /// What was found, and what to do where that helps; a clause without a final stop.
  public var detail: String

  /// Makes an error; `detail` is a clause without a final stop.
  public init(_ kind: Kind, of path: String, _ detail: String) {
    self.kind = kind
    self.path = path
    self.detail = detail
  }

  /// The whole sentence.
  public var description: String { "\(path): \(detail) [\(kind.rawValue)]" }
}
