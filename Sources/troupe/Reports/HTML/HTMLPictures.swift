import Images
import SafeTensors

/// Pictures that the maker puts into the report, such as sheets of what the LoRAs draw.
///
/// They are part of the page itself, so that it can be sent to somebody as one file.
struct HTMLPictures {
  /// One picture.
  struct Entry: Sendable {
    /// What stands below it.
    var caption: String
    /// The file's bytes as they are.
    var bytes: [UInt8]
    var format: ImageFormat
    var width: Int
    var height: Int
  }

  var entries: [Entry] = []

  /// The largest file that is taken, in bytes: a page of more is none that anybody opens.
  static let limit = 32 << 20

  init() {}

  /// Reads picture files.
  /// - Parameter arguments: paths, each after `caption=` where it has one; else its name is the caption.
  /// - Throws: ``ImageError`` for a file that is no picture, is damaged, larger than ``limit``, or of a format that
  ///   browsers do not show.
  init(_ arguments: [String]) throws {
    entries = try arguments.map { argument in
      let parts = argument.split(separator: "=", maxSplits: 1).map(String.init)
      let path = parts.count == 2 && !FolderContents.exists(argument) ? parts[1] : argument
      let caption = path == argument ? String(path.split(separator: "/").last ?? "") : parts[0]
      let info = try PictureInfo(contentsOf: path)
      guard [.png, .jpeg, .webp, .gif, .avif].contains(info.format) else {
        throw ImageError(
          .unsuitable, of: path, "is \(info.format.rawValue), which browsers do not show; give the report a PNG or JPEG"
        )
      }
      let bytes = try TextFile.contents(path) ?? []
      guard bytes.count <= Self.limit else {
        throw ImageError(
          .tooLarge, of: path, "has \(bytes.count >> 20) MB; a report takes pictures of up to \(Self.limit >> 20) MB")
      }
      return Entry(caption: caption, bytes: bytes, format: info.format, width: info.width, height: info.height)
    }
  }

  /// The section; nothing without pictures.
  var html: HTML {
    guard !entries.isEmpty else { return .empty }
    let figures = entries.map { entry -> HTML in
      """
      <figure>
      <img alt="\(entry.caption)" width="\(entry.width)" height="\(entry.height)" src="\(Self.source(entry))">
      <figcaption>\(entry.caption)</figcaption>
      </figure>

      """
    }
    return "<section id=\"pictures\">\n<h2>Pictures</h2>\n\(figures)</section>"
  }

  private static func source(_ entry: Entry) -> String {
    "data:image/\(entry.format.rawValue);base64,\(base64(entry.bytes))"
  }

  /// Bytes as text, by RFC 4648 §4.
  static func base64(_ bytes: [UInt8]) -> String {
    let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    var text: [UInt8] = []
    text.reserveCapacity((bytes.count + 2) / 3 * 4)
    for start in stride(from: 0, to: bytes.count, by: 3) {
      let group = bytes[start..<min(start + 3, bytes.count)]
      let number = group.enumerated().reduce(0) { $0 | Int($1.element) << (16 - 8 * $1.offset) }
      for digit in 0..<4 {
        text.append(digit <= group.count ? digits[number >> (18 - 6 * digit) & 63] : UInt8(ascii: "="))
      }
    }
    return String(decoding: text, as: UTF8.self)
  }
}
