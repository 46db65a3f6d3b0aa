internal import Images
internal import TOML

/// What is done to pictures before they are trained on.
public struct ImageRule: Sendable, Hashable {
  /// Where a picture is cropped.
  public enum Crop: String, Sendable, CaseIterable {
    /// In the middle.
    case centre
    /// Anywhere, anew at each use.
    case random
  }

  /// What is told of a crop.
  public enum Offsets: String, Sendable, CaseIterable {
    /// What was really cut.
    case real = "true"
    /// What sd-scripts tells.
    case kohya
  }

  /// Whether half of the uses are mirrored; false by default.
  public var flips = false
  /// Where pictures are cropped; in the middle by default.
  public var crop = Crop.centre
  /// What is told of crops; the truth by default.
  public var offsets = Offsets.real
  /// What lies behind transparent parts, as red, green and blue from 0 to 255; a light grey by default.
  public var background = [200, 200, 200]
  /// Whether transparent parts are left out of the loss; false by default.
  public var masks = false
  /// Whether a masked loss is divided by the mask's area; true by default.
  public var normalisesMasks = true
  /// The ending of caption files; `.txt` by default, and `.caption` where there is none.
  public var captionEnding: String?

  /// The background as pictures take it.
  var backgroundColour: Colour {
    Colour(
      red: UInt8(clamping: background[0]), green: UInt8(clamping: background[1]), blue: UInt8(clamping: background[2]))
  }

  /// A rule with every default.
  public init() {}

  init(_ fields: inout TOMLFields, base: ImageRule) throws(TOMLError) {
    self = base
    if let value = try fields.bool("flip") { flips = value }
    if let value = try fields.choice("crop", Crop.self) { crop = value }
    if let value = try fields.choice("crop_offsets", Offsets.self) { offsets = value }
    if let value = try fields.integers("background", count: 3...3, in: 0...255) { background = value }
    if let value = try fields.bool("mask") { masks = value }
    if let value = try fields.bool("normalize_mask") { normalisesMasks = value }
    if let value = try fields.text("caption_extension") { captionEnding = value }
  }
}
