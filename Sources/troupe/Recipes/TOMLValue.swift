/// A value of a recipe's text.
indirect enum TOMLValue: Sendable, Hashable {
  case string(String)
  case integer(Int)
  case number(Double)
  case bool(Bool)
  case array([TOMLValue])
  case table(TOMLTable)
  /// A list of tables, from `[[name]]`.
  case tables([TOMLTable])

  /// What it is, for errors.
  var kind: String {
    switch self {
    case .string: "text"
    case .integer: "a whole number"
    case .number: "a number"
    case .bool: "true or false"
    case .array: "a list"
    case .table: "a table"
    case .tables: "a list of tables"
    }
  }

  /// The number, of either kind.
  var double: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .number(let value): value
    default: nil
    }
  }
}

/// A table: keys in the order of the text, with the lines they stand on.
struct TOMLTable: Sendable, Hashable {
  /// One key with its value.
  struct Entry: Sendable, Hashable {
    var key: String
    var value: TOMLValue
    var line: Int
  }

  /// The line that the table begins on.
  var line: Int
  /// The entries; no key occurs twice.
  var entries: [Entry] = []

  /// The place of a key.
  func place(of key: String) -> Int? { entries.firstIndex { $0.key == key } }

  /// The entry of a key.
  subscript(key: String) -> Entry? { entries.first { $0.key == key } }
}
