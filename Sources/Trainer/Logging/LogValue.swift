internal import SafeTensors

/// A value in a line of a log.
public enum LogValue: Sendable, Hashable {
  /// Nothing, and every number that is not finite.
  case null
  /// Yes or no.
  case flag(Bool)
  /// A whole number.
  case whole(Int)
  /// Any other number.
  case number(Double)
  /// A text.
  case text(String)
  /// Several values.
  case list([LogValue])
  /// Values by name, in this order.
  case group([LogField])

  /// Values by name, in alphabetical order.
  public static func numbers(_ numbers: [String: Double]) -> LogValue {
    .group(numbers.sorted { $0.key < $1.key }.map { LogField($0.key, .number($0.value)) })
  }

  /// A list of texts.
  public static func texts(_ texts: [String]) -> LogValue { .list(texts.map { .text($0) }) }

  var json: JSONValue {
    switch self {
    case .null: .null
    case .flag(let flag): .bool(flag)
    case .whole(let number): .whole(number)
    case .number(let number): number.isFinite ? .double(number) : .null
    case .text(let text): .string(text)
    case .list(let values): .array(values.map(\.json))
    case .group(let fields): .object(fields.map { .init(name: $0.name, value: $0.value.json) })
    }
  }
}

extension LogValue: ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
  ExpressibleByStringLiteral, ExpressibleByArrayLiteral
{
  /// Yes or no.
  public init(booleanLiteral value: Bool) { self = .flag(value) }
  /// A whole number.
  public init(integerLiteral value: Int) { self = .whole(value) }
  /// A number.
  public init(floatLiteral value: Double) { self = .number(value) }
  /// A text.
  public init(stringLiteral value: String) { self = .text(value) }
  /// Several values.
  public init(arrayLiteral elements: LogValue...) { self = .list(elements) }
}

/// A value with its name.
public struct LogField: Sendable, Hashable {
  /// The name, in snake case.
  public var name: String
  /// The value.
  public var value: LogValue

  /// A value of this name.
  public init(_ name: String, _ value: LogValue) { (self.name, self.value) = (name, value) }
}
