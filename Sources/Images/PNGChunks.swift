internal import CImages

/// The pieces of a PNG file: PNG specification (third edition), sections 5 and 11.3.3.
enum PNGChunks {
  /// A text longer than this is refused: 16 MiB, far above any workflow.
  static let textLimit = 1 << 24

  /// The bytes of a chunk.
  static func chunk(_ type: String, _ body: [UInt8]) -> [UInt8] {
    let named = Array(type.utf8) + body
    return bigEndian(UInt32(body.count)) + named + bigEndian(CRC32.of(named))
  }

  /// A chunk for a text: `tEXt` where Latin-1 holds it, which every reader knows, else `iTXt`.
  static func chunk(for text: PictureText) throws(ImageError) -> [UInt8] {
    func refused(_ why: String) -> ImageError { ImageError(.unsuitable, of: "PNG text \"\(text.key)\"", why) }
    guard let key = latin1(text.key), (1...79).contains(key.count), !text.key.hasPrefix(" "), !text.key.hasSuffix(" "),
      key.allSatisfy({ (32...126).contains($0) || $0 >= 161 })
    else { throw refused("its key is not 1 to 79 printable characters of Latin-1 without spaces around them") }
    guard !text.value.utf8.contains(0) else { throw refused("it contains a NUL character, which ends a text in PNG") }
    guard text.value.utf8.count <= textLimit else { throw refused("it is longer than \(textLimit) bytes") }
    if let value = latin1(text.value) { return chunk("tEXt", key + [0] + value) }
    // Not compressed, no language, no translated key.
    return chunk("iTXt", key + [0, 0, 0, 0, 0] + Array(text.value.utf8))
  }

  /// Puts texts into an encoded PNG, before its pixels, where readers that stop there find them.
  static func inserting(_ texts: [PictureText], into png: [UInt8]) throws(ImageError) -> [UInt8] {
    let header = 8 + 25  // the signature, and IHDR with its 13 bytes
    var chunks: [UInt8] = []
    for text in texts { chunks += try chunk(for: text) }
    return png[..<header] + chunks + png[header...]
  }

  /// The texts of a PNG file of `size` bytes that `read` gives parts of.
  ///
  /// Reading stops at the end chunk or where the file ends: pixels are checked when they are decoded.
  static func texts(
    of name: String, size: Int, library: ImageLibrary,
    read: (_ offset: Int, _ count: Int) throws(ImageError) -> [UInt8]
  ) throws(ImageError) -> [PictureText] {
    var texts: [PictureText] = []
    var offset = 8
    while offset + 12 <= size {
      let head = try read(offset, 8)
      guard head.count == 8 else { break }
      let length = Int(value(head[..<4]))
      let type = String(decoding: head[4...], as: UTF8.self)
      if type == "IEND" { break }
      if ["tEXt", "zTXt", "iTXt"].contains(type) {
        func refused(_ why: String) -> ImageError { ImageError(.damaged, of: name, "has a \(type) text that \(why)") }
        guard length <= textLimit else { throw refused("claims \(length) bytes; save the picture again without it") }
        let body = try read(offset + 8, length + 4)
        guard body.count == length + 4 else { throw refused("goes beyond the end of the file") }
        guard CRC32.of(head[4...] + body[..<length]) == value(body[length...]) else {
          throw refused("does not match its checksum; copy or download the file again")
        }
        guard let text = text(of: type, Array(body[..<length]), library) else { throw refused("cannot be read") }
        texts.append(text)
      }
      offset += 12 + length
    }
    return texts
  }

  private static func text(of type: String, _ body: [UInt8], _ library: ImageLibrary) -> PictureText? {
    guard let end = body.firstIndex(of: 0) else { return nil }
    let key = string(latin1: body[..<end])
    var rest = body[(end + 1)...]
    switch type {
    case "tEXt":
      return PictureText(key: key, value: string(latin1: rest))
    case "zTXt":
      guard rest.popFirst() == 0, let bytes = inflated(Array(rest), library) else { return nil }
      return PictureText(key: key, value: string(latin1: bytes[...]))
    default:
      guard let compressed = rest.popFirst(), rest.popFirst() != nil,
        let language = rest.firstIndex(of: 0),
        let translation = rest[(language + 1)...].firstIndex(of: 0)
      else { return nil }
      let stored = Array(rest[(translation + 1)...])
      guard let bytes = compressed == 0 ? stored : inflated(stored, library) else { return nil }
      return PictureText(key: key, value: String(decoding: bytes, as: UTF8.self))
    }
  }

  /// Inflates a text, in room that grows to the limit.
  private static func inflated(_ bytes: [UInt8], _ library: ImageLibrary) -> [UInt8]? {
    var room = max(1024, bytes.count * 4)
    while true {
      var written: Int64 = 0
      let result = unsafe [UInt8](unsafeUninitializedCapacity: room) { target, count in
        unsafe bytes.withUnsafeBytes { source in
          guard let from = source.baseAddress, let to = target.baseAddress else { return }
          written = unsafe library.table.pointee.inflate(from, source.count, to, room)
        }
        count = max(0, Int(written))
      }
      if written >= 0 { return result }
      guard written == -2, room < textLimit else { return nil }
      room = min(textLimit, room * 4)
    }
  }

  private static func latin1(_ text: String) -> [UInt8]? {
    var result: [UInt8] = []
    for scalar in text.unicodeScalars {
      guard scalar.value < 256 else { return nil }
      result.append(UInt8(scalar.value))
    }
    return result
  }

  private static func string(latin1 bytes: ArraySlice<UInt8>) -> String {
    var result = String.UnicodeScalarView()
    for byte in bytes { result.append(Unicode.Scalar(byte)) }
    return String(result)
  }

  private static func bigEndian(_ value: UInt32) -> [UInt8] {
    [UInt8(value >> 24), UInt8(value >> 16 & 255), UInt8(value >> 8 & 255), UInt8(value & 255)]
  }

  private static func value(_ bytes: ArraySlice<UInt8>) -> UInt32 { bytes.reduce(0) { $0 << 8 | UInt32($1) } }
}
