/// How a picture is written.
public enum ImageEncoding: Sendable, Hashable {
  /// PNG, with texts.
  case png(texts: [PictureText])
  /// JPEG; quality 1 to 100, colours at full resolution from 90.
  case jpeg(quality: Int)
  /// WebP with losses; quality 1 to 100.
  case webp(quality: Int)
  /// WebP without losses.
  case losslessWebP

  /// PNG without texts.
  public static let png = ImageEncoding.png(texts: [])

  /// The encoding that belongs to a file name's ending, or `nil`: `png`, `jpg` and `jpeg` (95), `webp` (95).
  public init?(forPath path: String) {
    guard let dot = path.lastIndex(of: ".") else { return nil }
    switch path[path.index(after: dot)...].lowercased() {
    case "png": self = .png
    case "jpg", "jpeg": self = .jpeg(quality: 95)
    case "webp": self = .webp(quality: 95)
    default: return nil
    }
  }
}
