internal import CImages

/// What a picture file says of itself, read without decoding it.
public struct PictureInfo: Sendable, Equatable {
  /// The format, told by the contents.
  public var format: ImageFormat
  /// Pixels in a row when the picture is upright.
  public var width: Int
  /// Rows when the picture is upright.
  public var height: Int
  /// Channels as stored: 4 for CMYK too.
  public var channels: Int
  /// Bits of one sample as stored.
  public var bits: Int
  /// Whether there is an alpha channel.
  public var hasAlpha: Bool
  /// Whether there is an ICC profile.
  public var hasProfile: Bool
  /// EXIF's orientation, 1 to 8; 1 where none is given.
  public var orientation: Int
  /// Frames or pages; only the first is read.
  public var pages: Int
  /// Texts of a PNG (`parameters`, `prompt` …) in the file's order; empty for other formats.
  public var texts: [PictureText]

  /// The text under a key, the first if there are several.
  public func text(_ key: String) -> String? { texts.first { $0.key == key }?.value }

  /// Reads the header of a file.
  /// - Throws: ``ImageError``.
  public init(contentsOf path: String) throws(ImageError) {
    let file = try ImageFile(path: path)
    let start = try file.read(ImageFormat.prefixLength, at: 0)
    let (library, format) = try Picture.reader(of: start[...], name: path)
    var header = troupe_image_header()
    let (outcome, message) = unsafe ImageLibrary.tell { text in
      unsafe path.withCString { unsafe library.table.pointee.header($0, nil, 0, &header, text) }
    }
    try Picture.check(outcome, message, of: path, format: format, width: 0, height: 0, pixelLimit: 0)
    var texts: [PictureText] = []
    if format == .png {
      let size = file.size
      texts = try PNGChunks.texts(of: path, size: size, library: library) { offset, count throws(ImageError) in
        try file.read(count, at: offset)
      }
    }
    self.init(header, format, texts)
  }

  /// Reads the header of a file in memory; `name` stands for the file in errors.
  /// - Throws: ``ImageError``.
  public init(decoding data: [UInt8], of name: String = "picture in memory") throws(ImageError) {
    let (library, format) = try Picture.reader(of: data[...], name: name)
    var header = troupe_image_header()
    let (outcome, message) = unsafe ImageLibrary.tell { text in
      unsafe data.withUnsafeBytes { bytes in
        unsafe library.table.pointee.header(nil, bytes.baseAddress, bytes.count, &header, text)
      }
    }
    try Picture.check(outcome, message, of: name, format: format, width: 0, height: 0, pixelLimit: 0)
    var texts: [PictureText] = []
    if format == .png {
      texts = try PNGChunks.texts(of: name, size: data.count, library: library) { offset, count in
        Array(data[min(offset, data.count)..<min(offset + count, data.count)])
      }
    }
    self.init(header, format, texts)
  }

  private init(_ header: troupe_image_header, _ format: ImageFormat, _ texts: [PictureText]) {
    let turned = header.orientation >= 5
    self.format = format
    width = Int(turned ? header.height : header.width)
    height = Int(turned ? header.width : header.height)
    channels = Int(header.channels)
    bits = Int(header.bits)
    hasAlpha = header.has_alpha
    hasProfile = header.has_profile
    orientation = Int(header.orientation)
    pages = Int(header.pages)
    self.texts = texts
  }
}
