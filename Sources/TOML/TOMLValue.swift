/// A value of a TOML text.
package indirect enum TOMLValue: Sendable, Hashable {
  case string(String)
  case integer(Int)
  case number(Double)
  case bool(Bool)
  case array([TOMLValue])
  case table(TOMLTable)
  /// A list of tables, from `[[name]]`.
  case tables([TOMLTable])

  /// What it is, for errors.
  package var kind: String {
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
  package var double: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .number(let value): value
    default: nil
    }
  }
}

/// A table: keys in the order of the text, with the lines they stand on.
package struct TOMLTable: Sendable, Hashable {
  /// One key with its value.
  package struct Entry: Sendable, Hashable {
    package var key: String
    package var value: TOMLValue
    package var line: Int
  }

  /// The line that the table begins on.
  package var line: Int
  /// The entries; no key occurs twice.
  package var entries: [Entry] = []

  /// The place of a key.
  package func place(of key: String) -> Int? { entries.firstIndex { $0.key == key } }

  /// The entry of a key.
  package subscript(key: String) -> Entry? { entries.first { $0.key == key } }
}
