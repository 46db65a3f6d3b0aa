/// Single values: numbers, truth values and text.
extension TOMLReader {
  /// A number, `true` or `false`.
  mutating func scalar() throws(TOMLError) -> TOMLValue {
    let word = bare { $0.isASCII && !" \t\r\n,]}#=\"'[{".unicodeScalars.contains($0) }
    switch word {
    case "true": return .bool(true)
    case "false": return .bool(false)
    case "": throw failure("a value is wanted, none was found; write text in quotes, a number, true or false")
    default: break
    }
    if let form = Self.form(of: Array(word.utf8)) {
      let digits = word.filter { $0 != "_" }
      if form == .whole {
        guard let number = Int(digits) else { throw failure("\(word) is beyond 64 bits; write a smaller number") }
        return .integer(number)
      }
      if let number = Double(digits), number.isFinite { return .number(number) }
    }
    throw failure(
      "\"\(word)\" is no value that is read here; write text in quotes, a number such as 0.5, true or false")
  }

  private enum NumberForm { case whole, decimal }

  /// Whether a word is a number as TOML writes it: `-1_000`, `0.5`, `1e-4`, but not `01`, `.5`, `1.` or `1__0`.
  private static func form(of word: [UInt8]) -> NumberForm? {
    var at = word.first == UInt8(ascii: "-") || word.first == UInt8(ascii: "+") ? 1 : 0
    func isDigit(_ place: Int) -> Bool { place < word.count && (0x30...0x39).contains(word[place]) }
    /// Takes digits with single underscores between them; how many, or nil when there is none.
    func digits() -> Int? {
      let start = at
      guard isDigit(at) else { return nil }
      while isDigit(at) || at < word.count && word[at] == UInt8(ascii: "_") && isDigit(at - 1) && isDigit(at + 1) {
        at += 1
      }
      return at - start
    }
    let start = at
    guard let count = digits(), count == 1 || word[start] != UInt8(ascii: "0") else { return nil }
    if at == word.count { return .whole }
    if word[at] == UInt8(ascii: ".") {
      at += 1
      guard digits() != nil else { return nil }
    }
    if at < word.count, word[at] == UInt8(ascii: "e") || word[at] == UInt8(ascii: "E") {
      at += 1
      if at < word.count, word[at] == UInt8(ascii: "-") || word[at] == UInt8(ascii: "+") { at += 1 }
      guard digits() != nil else { return nil }
    }
    return at == word.count ? .decimal : nil
  }

  /// Text between `"` or `'`.
  mutating func string() throws(TOMLError) -> String {
    guard let quote = next else { return "" }
    at += 1
    if next == quote, at + 1 < text.count, text[at + 1] == quote {
      throw failure("text over several lines is not read; write it in one line between \(quote)")
    }
    var result = String.UnicodeScalarView()
    while let scalar = next, scalar != "\n", scalar != "\r" {
      at += 1
      if scalar == quote { return String(result) }
      if scalar == "\\", quote == "\"" {
        result.append(try escaped())
      } else if scalar.value < 0x20 && scalar != "\t" || scalar.value == 0x7F {
        throw failure("text holds a control character; write it as \\u0000 with its number")
      } else {
        result.append(scalar)
      }
    }
    throw failure("text that begins with \(quote) ends in \(quote) on the same line; add it")
  }

  private mutating func escaped() throws(TOMLError) -> Unicode.Scalar {
    guard let scalar = next else { throw failure("text ends in a lone \\; write \\\\ for one") }
    at += 1
    switch scalar {
    case "\"", "\\": return scalar
    case "n": return "\n"
    case "t": return "\t"
    case "r": return "\r"
    case "b": return "\u{8}"
    case "f": return "\u{C}"
    case "u", "U":
      let count = scalar == "u" ? 4 : 8
      let digits = String(String.UnicodeScalarView(text[at..<min(text.count, at + count)]))
      guard digits.unicodeScalars.count == count, digits.unicodeScalars.allSatisfy({ $0.properties.isASCIIHexDigit }),
        let number = UInt32(digits, radix: 16), let result = Unicode.Scalar(number)
      else { throw failure("\\\(scalar) wants \(count) hexadecimal digits of a character, \"\(digits)\" was found") }
      at += count
      return result
    default: throw failure("\\\(scalar) is no escape; write \\\\ for \\, or text between ' '")
    }
  }
}
