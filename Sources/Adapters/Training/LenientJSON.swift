import SafeTensors

/// Reads JSON as Python's `json` module writes it, which is a little wider than the standard.
enum LenientJSON {
  /// The document, or nil when it cannot be read even leniently.
  static func parse(_ text: String) -> JSONValue? {
    if let value = try? JSONParser.parse(text) { return value }
    return try? JSONParser.parse(repaired(Array(text.utf8)))
  }

  /// Replaces bare `NaN` and `Infinity` by `null`, and lone surrogates by U+FFFD.
  ///
  /// Trainers emit the former for the aspect-ratio error of an empty bucket list, the latter for file names that
  /// are not UTF-8.
  private static func repaired(_ bytes: [UInt8]) -> [UInt8] {
    var output: [UInt8] = []
    output.reserveCapacity(bytes.count)
    var at = 0
    var inString = false
    while at < bytes.count {
      let byte = bytes[at]
      if inString {
        let unit = codeUnit(bytes, at)
        if byte == UInt8(ascii: "\\"), let unit {
          at += copyEscape(bytes, at, unit, into: &output)
          continue
        }
        output.append(byte)
        at += 1
        if byte == UInt8(ascii: "\\"), at < bytes.count {
          output.append(bytes[at])
          at += 1
        } else if byte == UInt8(ascii: "\"") {
          inString = false
        }
        continue
      }
      if let word = nonFinite.first(where: { bytes[at...].starts(with: $0) }) {
        output.append(contentsOf: "null".utf8)
        at += word.count
        continue
      }
      if byte == UInt8(ascii: "\"") { inString = true }
      output.append(byte)
      at += 1
    }
    return output
  }

  private static let nonFinite: [[UInt8]] = ["NaN", "-Infinity", "Infinity"].map { Array($0.utf8) }

  /// The code unit of a `\uXXXX` escape that starts here.
  private static func codeUnit(_ bytes: [UInt8], _ at: Int) -> UInt16? {
    guard at + 5 < bytes.count, bytes[at] == UInt8(ascii: "\\"), bytes[at + 1] == UInt8(ascii: "u") else {
      return nil
    }
    return UInt16(String(decoding: bytes[(at + 2)...(at + 5)], as: UTF8.self), radix: 16)
  }

  /// Copies one escape, or one surrogate pair, and tells how many bytes it took.
  private static func copyEscape(_ bytes: [UInt8], _ at: Int, _ unit: UInt16, into output: inout [UInt8])
    -> Int
  {
    switch unit {
    case 0xD800...0xDBFF:
      if let low = codeUnit(bytes, at + 6), (0xDC00...0xDFFF).contains(low) {
        output.append(contentsOf: bytes[at..<(at + 12)])
        return 12
      }
      output.append(contentsOf: "\\ufffd".utf8)
    case 0xDC00...0xDFFF: output.append(contentsOf: "\\ufffd".utf8)
    default: output.append(contentsOf: bytes[at..<(at + 6)])
    }
    return 6
  }
}
