/// A format of picture files, told by its first bytes and never by the file's name.
public enum ImageFormat: String, Sendable, CaseIterable, Codable {
  /// Portable Network Graphics.
  case png
  /// JPEG.
  case jpeg
  /// WebP.
  case webp
  /// AV1 pictures.
  case avif
  /// HEIF with HEVC, as telephones write it.
  case heif
  /// GIF; only the first frame is read.
  case gif
  /// TIFF.
  case tiff
  /// Windows bitmaps.
  case bmp
  /// JPEG XL.
  case jxl

  /// How many first bytes tell the format.
  static let prefixLength = 64

  /// The format of a file that begins so, or `nil` for one that is none of them.
  ///
  /// Formats that libvips could read besides (SVG, PDF, MATLAB …) are left out: they are no pictures of a data set,
  /// and their readers are large.
  public init?(firstBytes bytes: some Collection<UInt8>) {
    let bytes = Array(bytes.prefix(Self.prefixLength))
    func begins(_ pattern: [UInt8], at offset: Int = 0) -> Bool {
      bytes.count >= offset + pattern.count && Array(bytes[offset..<offset + pattern.count]) == pattern
    }
    func begins(_ text: String, at offset: Int = 0) -> Bool { begins(Array(text.utf8), at: offset) }

    if begins([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) {
      self = .png
    } else if begins([0xFF, 0xD8, 0xFF]) {
      self = .jpeg
    } else if begins("RIFF"), begins("WEBP", at: 8) {
      self = .webp
    } else if begins("GIF87a") || begins("GIF89a") {
      self = .gif
    } else if begins([0x49, 0x49, 0x2A, 0x00]) || begins([0x4D, 0x4D, 0x00, 0x2A]) || begins([0x49, 0x49, 0x2B, 0x00])
      || begins([0x4D, 0x4D, 0x00, 0x2B])
    {
      self = .tiff
    } else if begins("BM"), bytes.count >= 18, bytes[6..<10].allSatisfy({ $0 == 0 }),
      bytes[15..<18].allSatisfy({ $0 == 0 })
    {
      self = .bmp  // reserved words, and the upper bytes of the second header's size: texts begin with BM too
    } else if begins([0xFF, 0x0A]) || begins([0, 0, 0, 12, 0x4A, 0x58, 0x4C, 0x20, 0x0D, 0x0A, 0x87, 0x0A]) {
      self = .jxl
    } else if begins("ftyp", at: 4) {
      // The first brand may be the family's (mif1); the compatible ones follow after four bytes of version.
      let length = min(bytes.count, bytes.count >= 4 ? Int(bytes[2]) << 8 | Int(bytes[3]) : 0)
      let brands = Set(stride(from: 8, to: max(8, length - 3), by: 4).map { Array(bytes[$0..<$0 + 4]) })
      func any(_ names: [String]) -> Bool { names.contains { brands.contains(Array($0.utf8)) } }
      if any(["avif", "avis"]) {
        self = .avif
      } else if any(["heic", "heix", "heim", "heis", "hevc", "hevx", "mif1", "msf1"]) {
        self = .heif
      } else {
        return nil
      }
    } else {
      return nil
    }
  }

  /// libvips' operation that reads it from memory.
  var loader: String {
    switch self {
    case .png: "pngload_buffer"
    case .jpeg: "jpegload_buffer"
    case .webp: "webpload_buffer"
    case .avif, .heif: "heifload_buffer"
    case .gif: "gifload_buffer"
    case .tiff: "tiffload_buffer"
    case .bmp: "magickload_buffer"
    case .jxl: "jxlload_buffer"
    }
  }

  /// The name that people know.
  public var name: String {
    switch self {
    case .png, .jpeg, .avif, .heif, .gif, .tiff, .bmp: rawValue.uppercased()
    case .webp: "WebP"
    case .jxl: "JPEG XL"
    }
  }

  /// Says what a file is that is no picture, from its first bytes.
  static func guess(_ bytes: ArraySlice<UInt8>) -> String {
    func begins(_ text: String) -> Bool { bytes.starts(with: text.utf8) }
    let textual = bytes.allSatisfy { $0 == 9 || $0 == 10 || $0 == 13 || $0 >= 32 && $0 != 127 }
    if bytes.allSatisfy({ $0 == 0 }) { return "zero bytes, which a failed copy or a full disk leaves" }
    if begins("<svg") || begins("<?xml") && textual { return "SVG or other XML" }
    if begins("<!") || begins("<html") { return "a web page, as a failed download leaves it" }
    if begins("version https://git-lfs") { return "a pointer of Git LFS; fetch the file itself with `git lfs pull`" }
    if begins("%PDF") { return "a PDF" }
    if begins("8BPS") { return "a Photoshop file; save it as PNG" }
    if bytes.dropFirst(4).starts(with: "ftyp".utf8) { return "a video" }
    if begins("PK\u{3}\u{4}") { return "a zip archive" }
    return textual ? "text" : "something else"
  }
}
