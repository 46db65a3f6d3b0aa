/// Why a text is not JSON.
package struct JSONParsingError: Error, Sendable {
  package enum Reason: Sendable { case syntax, tooDeep }
  package var reason: Reason
  package var message: String
  /// The byte at which reading stopped.
  package var offset: Int
}

/// A strict JSON reader with the accepted language of serde_json 1.0, which the safetensors reference
/// implementation uses: no comments, no trailing commas, no control characters in strings, no lone
/// surrogates, no leading zeros, finite numbers only, at most 127 nested levels.
package struct JSONParser {
  let bytes: [UInt8]
  var at = 0
  private var depth = 0
  private static let deepest = 127

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// Parses a whole document.
  ///
  /// The bytes must be valid UTF-8; the caller has checked that.
  package static func parse(_ bytes: [UInt8]) throws(JSONParsingError) -> JSONValue {
    var parser = JSONParser(bytes)
    let value = try parser.value()
    parser.skipSpace()
    guard parser.at == bytes.count else { throw parser.failure("more text after the end of the document") }
    return value
  }

  /// Parses a text, as found inside metadata values.
  package static func parse(_ text: String) throws(JSONParsingError) -> JSONValue { try parse(Array(text.utf8)) }

  func failure(_ message: String) -> JSONParsingError {
    JSONParsingError(reason: .syntax, message: message, offset: at)
  }

  var next: UInt8? { at < bytes.count ? bytes[at] : nil }

  mutating func skipSpace() {
    while at < bytes.count, bytes[at] == 0x20 || bytes[at] == 0x0A || bytes[at] == 0x0D || bytes[at] == 0x09 {
      at += 1
    }
  }

  mutating func value() throws(JSONParsingError) -> JSONValue {
    skipSpace()
    switch next {
    case nil: throw failure("the text ends where a value should stand")
    case UInt8(ascii: "{"): return try nested { parser throws(JSONParsingError) in try parser.object() }
    case UInt8(ascii: "["): return try nested { parser throws(JSONParsingError) in try parser.array() }
    case UInt8(ascii: "\""):
      at += 1
      return .string(try string())
    case UInt8(ascii: "t"):
      try literal("true")
      return .bool(true)
    case UInt8(ascii: "f"):
      try literal("false")
      return .bool(false)
    case UInt8(ascii: "n"):
      try literal("null")
      return .null
    case .some(let byte) where byte == UInt8(ascii: "-") || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte):
      return try number()
    default: throw failure("a value cannot start with this character")
    }
  }

  mutating func nested<R>(
    _ body: (inout JSONParser) throws(JSONParsingError) -> R
  ) throws(JSONParsingError) -> R {
    depth += 1
    guard depth <= Self.deepest else {
      throw JSONParsingError(reason: .tooDeep, message: "nested more than \(Self.deepest) levels deep", offset: at)
    }
    at += 1
    let value = try body(&self)
    depth -= 1
    return value
  }

  private mutating func literal(_ word: String) throws(JSONParsingError) {
    for letter in word.utf8 {
      guard next == letter else { throw failure("expected `\(word)`") }
      at += 1
    }
  }

  private mutating func object() throws(JSONParsingError) -> JSONValue {
    var members: [JSONValue.Member] = []
    try eachMember { (parser, name) throws(JSONParsingError) in
      members.append(.init(name: name, value: try parser.value()))
    }
    return .object(members)
  }

  /// Reads an object whose brace has been passed.
  /// - Parameter body: reads the value of a member of this name.
  mutating func eachMember(
    _ body: (inout JSONParser, String) throws(JSONParsingError) -> Void
  ) throws(JSONParsingError) {
    skipSpace()
    if next == UInt8(ascii: "}") {
      at += 1
      return
    }
    while true {
      skipSpace()
      guard next == UInt8(ascii: "\"") else { throw failure("an object's key must be a string") }
      at += 1
      let name = try string()
      skipSpace()
      guard next == UInt8(ascii: ":") else { throw failure("expected `:` after an object's key") }
      at += 1
      try body(&self, name)
      skipSpace()
      switch next {
      case UInt8(ascii: ","): at += 1
      case UInt8(ascii: "}"):
        at += 1
        return
      default: throw failure("expected `,` or `}` in an object")
      }
    }
  }

  private mutating func array() throws(JSONParsingError) -> JSONValue {
    var elements: [JSONValue] = []
    skipSpace()
    if next == UInt8(ascii: "]") {
      at += 1
      return .array(elements)
    }
    while true {
      elements.append(try value())
      skipSpace()
      switch next {
      case UInt8(ascii: ","): at += 1
      case UInt8(ascii: "]"):
        at += 1
        return .array(elements)
      default: throw failure("expected `,` or `]` in an array")
      }
    }
  }

  /// Reads a string whose opening quote has been passed.
  private mutating func string() throws(JSONParsingError) -> String {
    let start = at
    // The common case has no escapes: find the closing quote and take the bytes as they are.
    while let byte = next, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\"), byte >= 0x20 { at += 1 }
    if next == UInt8(ascii: "\"") {
      defer { at += 1 }
      return String(decoding: bytes[start..<at], as: UTF8.self)
    }
    var text = Array(bytes[start..<at])
    while let byte = next {
      at += 1
      switch byte {
      case UInt8(ascii: "\""): return String(decoding: text, as: UTF8.self)
      case UInt8(ascii: "\\"): try escape(into: &text)
      case 0..<0x20: throw failure("a control character inside a string")
      default: text.append(byte)
      }
    }
    throw failure("the text ends inside a string")
  }

  private mutating func escape(into text: inout [UInt8]) throws(JSONParsingError) {
    guard let byte = next else { throw failure("the text ends inside a string") }
    at += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
    case UInt8(ascii: "b"): text.append(0x08)
    case UInt8(ascii: "f"): text.append(0x0C)
    case UInt8(ascii: "n"): text.append(0x0A)
    case UInt8(ascii: "r"): text.append(0x0D)
    case UInt8(ascii: "t"): text.append(0x09)
    case UInt8(ascii: "u"):
      var code = UInt32(try hexQuad())
      if (0xDC00...0xDFFF).contains(code) { throw failure("a lone trailing surrogate in a \\u escape") }
      if (0xD800...0xDBFF).contains(code) {
        guard at + 1 < bytes.count, bytes[at] == UInt8(ascii: "\\"), bytes[at + 1] == UInt8(ascii: "u") else {
          throw failure("a lone leading surrogate in a \\u escape")
        }
        at += 2
        let low = UInt32(try hexQuad())
        guard (0xDC00...0xDFFF).contains(low) else { throw failure("a lone leading surrogate in a \\u escape") }
        code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00)
      }
      guard let scalar = Unicode.Scalar(code) else { throw failure("an invalid \\u escape") }
      text.append(contentsOf: UTF8.encode(scalar).map { Array($0) } ?? [])
    default: throw failure("an unknown escape in a string")
    }
  }

  private mutating func hexQuad() throws(JSONParsingError) -> UInt16 {
    var code: UInt16 = 0
    for _ in 0..<4 {
      guard let byte = next, let digit = Character(Unicode.Scalar(byte)).hexDigitValue, byte < 0x80 else {
        throw failure("a \\u escape needs four hexadecimal digits")
      }
      code = code << 4 | UInt16(digit)
      at += 1
    }
    return code
  }

  private mutating func digits() -> Int {
    let start = at
    while let byte = next, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { at += 1 }
    return at - start
  }

  private mutating func number() throws(JSONParsingError) -> JSONValue {
    let start = at
    let negative = next == UInt8(ascii: "-")
    if negative { at += 1 }
    let leadingZero = next == UInt8(ascii: "0")
    let count = digits()
    guard count > 0, !(leadingZero && count > 1) else { throw failure("not a number") }
    var whole = true
    if next == UInt8(ascii: ".") {
      whole = false
      at += 1
      guard digits() > 0 else { throw failure("a number needs digits after its point") }
    }
    if next == UInt8(ascii: "e") || next == UInt8(ascii: "E") {
      whole = false
      at += 1
      if next == UInt8(ascii: "+") || next == UInt8(ascii: "-") { at += 1 }
      guard digits() > 0 else { throw failure("a number needs digits in its exponent") }
    }
    let text = String(decoding: bytes[start..<at], as: UTF8.self)
    if whole {
      // "-0" is a float, as in serde_json: no integer has that sign.
      if !negative, let n = UInt64(text) { return .unsigned(n) }
      if negative, let n = Int64(text), n != 0 { return .negative(n) }
    }
    guard let d = Double(text), d.isFinite else { throw failure("a number out of range") }
    return .double(d)
  }
}
