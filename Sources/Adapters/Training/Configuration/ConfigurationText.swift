/// A TOML text in the making: keys with their values, and what is left to fill in as comments.
struct ConfigurationText {
  /// A value as TOML writes it.
  enum Value: Equatable {
    case flag(Bool)
    case whole(Int)
    case number(Double)
    case text(String)
    case list([Value])

    /// The value's text.
    var toml: String {
      switch self {
      case .flag(let flag): flag ? "true" : "false"
      case .whole(let number): "\(number)"
      case .number(let number): "\(number)"
      case .text(let text): Self.quoted(text)
      case .list(let items): "[" + items.map(\.toml).joined(separator: ", ") + "]"
      }
    }

    private static func quoted(_ text: String) -> String {
      var result = "\""
      for scalar in text.unicodeScalars {
        switch scalar {
        case "\"": result += "\\\""
        case "\\": result += "\\\\"
        case "\n": result += "\\n"
        case "\t": result += "\\t"
        case let scalar where scalar.value < 0x20 || scalar.value == 0x7F:
          let digits = String(scalar.value, radix: 16)
          result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        default: result.unicodeScalars.append(scalar)
        }
      }
      return result + "\""
    }
  }

  /// The lines so far.
  private(set) var lines: [String] = []
  /// What is to be filled in or checked, a sentence each, in the text's order.
  private(set) var open: [String] = []

  /// The whole text.
  var text: String { lines.joined(separator: "\n") + "\n" }

  /// A sentence about what follows.
  mutating func comment(_ sentence: String) {
    // A comment ends at the line's end, so nothing from a file may end it.
    let safe = String(
      String.UnicodeScalarView(sentence.unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7F ? " " : $0 }))
    var line = "#"
    for word in safe.split(separator: " ") {
      if line.count + 1 + word.count > 100, line != "#" {
        lines.append(line)
        line = "#"
      }
      line += " " + word
    }
    lines.append(line)
  }

  /// A sentence about what the record does not tell.
  mutating func toFillIn(_ sentence: String) {
    open.append(sentence)
    comment(sentence)
  }

  /// A heading, after an empty line.
  mutating func table(_ heading: String) {
    if !lines.isEmpty { lines.append("") }
    lines.append(heading)
  }

  /// An empty line between groups of keys.
  mutating func lineBreak() { if lines.last?.isEmpty == false { lines.append("") } }

  /// A key with its value; nothing where there is none.
  mutating func add(_ key: String, _ value: Value?) {
    guard let value else { return }
    // Keys that come from a file may hold anything.
    let isBare = !key.isEmpty && key.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_" || $0 == "-") }
    lines.append("\(isBare ? key : Value.text(key).toml) = \(value.toml)")
  }

  mutating func add(_ key: String, _ value: Bool?) { add(key, value.map { .flag($0) }) }
  mutating func add(_ key: String, _ value: Int?) { add(key, value.map { .whole($0) }) }
  mutating func add(_ key: String, _ value: Double?) { add(key, value.map { .number($0) }) }
  mutating func add(_ key: String, _ value: String?) { add(key, value.map { .text($0) }) }

  /// A key whose value the reader may refuse: then it stands in a comment.
  mutating func add<Number: Comparable>(
    _ key: String, _ value: Number?, in range: ClosedRange<Number>, _ make: (Number) -> Value
  ) {
    guard let value else { return }
    guard range.contains(value) else {
      return toFillIn("\(key) was \(value), which is not between \(range.lowerBound) and \(range.upperBound).")
    }
    add(key, make(value))
  }
}
