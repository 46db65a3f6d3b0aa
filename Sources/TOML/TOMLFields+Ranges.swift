extension TOMLFields {
  /// Text that may be empty.
  package mutating func anyText(_ key: String) throws(TOMLError) -> String? {
    guard let value = take(key) else { return nil }
    guard case .string(let text) = value else { throw mismatch(key, value, wanted: "text in quotes") }
    return text
  }

  /// A number within bounds.
  package mutating func number(_ key: String, in range: ClosedRange<Double>) throws(TOMLError) -> Double? {
    guard let number = try number(key) else { return nil }
    guard range.contains(number) else {
      throw refusal(
        key,
        "\(key) takes a number from \(Self.text(range.lowerBound)) to \(Self.text(range.upperBound)), \(Self.text(number)) was given"
      )
    }
    return number
  }

  /// A list of texts; one text alone counts as a list of one.
  package mutating func texts(_ key: String) throws(TOMLError) -> [String]? {
    guard let value = take(key) else { return nil }
    let items: [TOMLValue] = if case .array(let items) = value { items } else { [value] }
    var result: [String] = []
    for item in items {
      guard case .string(let text) = item else { throw mismatch(key, item, wanted: "text, or a list of texts") }
      guard !text.isEmpty else { throw refusal(key, "\(key) holds an empty text; write a value or leave it out") }
      result.append(text)
    }
    return result
  }

  /// A list of so many whole numbers within bounds; one number alone counts as a list of one.
  package mutating func integers(
    _ key: String, count: ClosedRange<Int>, in range: ClosedRange<Int>
  ) throws(TOMLError) -> [Int]? {
    guard let value = take(key) else { return nil }
    let items: [TOMLValue] = if case .array(let items) = value { items } else { [value] }
    let wanted = "whole numbers from \(range.lowerBound) to \(range.upperBound)"
    var result: [Int] = []
    for item in items {
      guard case .integer(let number) = item else { throw mismatch(key, item, wanted: wanted) }
      guard range.contains(number) else { throw refusal(key, "\(key) takes \(wanted), \(number) was given") }
      result.append(number)
    }
    guard count.contains(result.count) else {
      throw refusal(
        key, "\(key) takes \(count.lowerBound) to \(count.upperBound) numbers, \(result.count) were given")
    }
    return result
  }

  /// One of the names of an enumeration.
  package mutating func choice<Choice>(_ key: String, _ type: Choice.Type) throws(TOMLError) -> Choice?
  where Choice: RawRepresentable<String> & CaseIterable {
    try text(key, among: Choice.allCases.map(\.rawValue)).flatMap(Choice.init(rawValue:))
  }

  private static func text(_ number: Double) -> String {
    Int(exactly: number).map(String.init) ?? "\(number)"
  }
}
