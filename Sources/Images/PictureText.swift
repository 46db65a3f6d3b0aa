/// A text inside a PNG file.
public struct PictureText: Sendable, Hashable, Codable {
  /// 1 to 79 characters of Latin-1, such as `parameters`.
  public var key: String
  /// Any text without NUL.
  public var value: String

  /// Makes a text.
  public init(key: String, value: String) {
    self.key = key
    self.value = value
  }

  /// Generation parameters in the form that user interfaces read back.
  public static func parameters(_ value: String) -> PictureText { PictureText(key: "parameters", value: value) }
}
