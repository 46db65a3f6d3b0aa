/// A JSON document as a value.
///
/// Objects keep their order and their duplicates, because the safetensors rules speak of both.
package indirect enum JSONValue: Sendable, Equatable {
  case null
  case bool(Bool)
  /// A whole number that fits in 64 bits without sign.
  case unsigned(UInt64)
  /// A negative whole number that fits in 64 bits.
  case negative(Int64)
  /// Any other number.
  case double(Double)
  case string(String)
  case array([JSONValue])
  case object([Member])

  /// One `"name": value` of an object.
  package struct Member: Sendable, Equatable {
    package var name: String
    package var value: JSONValue

    package init(name: String, value: JSONValue) {
      self.name = name
      self.value = value
    }
  }

  /// The last member of this name, as most readers take it; nil for other kinds of value.
  package subscript(_ name: String) -> JSONValue? {
    guard case .object(let members) = self else { return nil }
    return members.last { $0.name == name }?.value
  }

  package var string: String? {
    if case .string(let s) = self { s } else { nil }
  }

  package var members: [Member]? {
    if case .object(let m) = self { m } else { nil }
  }

  package var elements: [JSONValue]? {
    if case .array(let a) = self { a } else { nil }
  }

  package var number: Double? {
    switch self {
    case .unsigned(let n): Double(n)
    case .negative(let n): Double(n)
    case .double(let d): d
    default: nil
    }
  }

  package var int: Int? {
    switch self {
    case .unsigned(let n): Int(exactly: n)
    case .negative(let n): Int(n)
    case .double(let d): Int(exactly: d)
    default: nil
    }
  }

  package var bool: Bool? {
    if case .bool(let b) = self { b } else { nil }
  }

  /// What kind of value this is, for messages.
  package var kind: String {
    switch self {
    case .null: "null"
    case .bool: "a boolean"
    case .unsigned, .negative, .double: "a number"
    case .string: "a string"
    case .array: "an array"
    case .object: "an object"
    }
  }
}
