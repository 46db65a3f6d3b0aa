extension SHA256Hash {
  /// The SHA-256 of a text's UTF-8, as 64 lower-case hexadecimal digits.
  package static func hex(of text: String) -> String { hex(of: Array(text.utf8)) }

  /// The SHA-256 of bytes, as 64 lower-case hexadecimal digits.
  package static func hex(of bytes: [UInt8]) -> String {
    var sum = SHA256Hash()
    sum.update(unsafe bytes.span.bytes)
    return sum.hex
  }
}
