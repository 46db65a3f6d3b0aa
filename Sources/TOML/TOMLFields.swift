/// A table of a configuration while its keys are taken out, so that what is left over at the end is unknown.
package struct TOMLFields {
  /// The file.
  package let path: String
  /// The kind of file in one word, for errors.
  package let subject: String
  private let table: TOMLTable
  private let name: String
  private var known: [String] = []

  package init(_ table: TOMLTable, name: String, path: String, subject: String = "recipe") {
    (self.table, self.name, self.path, self.subject) = (table, name, path, subject)
  }

  /// The line that the table begins on.
  package var line: Int { table.line }

  /// The value of a key, which is known from now on.
  package mutating func take(_ key: String) -> TOMLValue? {
    known.append(key)
    return table[key]?.value
  }

  /// The error for a value of the wrong type.
  package func mismatch(_ key: String, _ value: TOMLValue, wanted: String) -> TOMLError {
    refusal(key, "\(key) takes \(wanted), \(value.kind) was given")
  }

  package func refusal(_ key: String, _ detail: String) -> TOMLError {
    TOMLError(path: path, line: table[key]?.line, subject: subject, rule: .value, detail: detail)
  }

  /// Gives an error of a value the line of its key.
  package func checked<E: Error>(_ key: String, _ body: () throws(E) -> Void) throws(TOMLError) {
    do { try body() } catch { throw refusal(key, "\(key): \(error)") }
  }

  package mutating func text(_ key: String, among choices: [String]? = nil) throws(TOMLError) -> String? {
    guard let value = take(key) else { return nil }
    guard case .string(let text) = value else { throw mismatch(key, value, wanted: "text in quotes") }
    guard !text.isEmpty else { throw refusal(key, "\(key) is empty; write a value or leave the line out") }
    if let choices, !choices.contains(text) {
      throw refusal(key, "\(key) takes \(choices.joined(separator: ", ")), \"\(text)\" was given")
    }
    return text
  }

  package mutating func integer(_ key: String, in range: ClosedRange<Int>) throws(TOMLError) -> Int? {
    guard let value = take(key) else { return nil }
    let wanted = "a whole number from \(range.lowerBound) to \(range.upperBound)"
    guard case .integer(let number) = value else { throw mismatch(key, value, wanted: wanted) }
    guard range.contains(number) else { throw refusal(key, "\(key) takes \(wanted), \(number) was given") }
    return number
  }

  package mutating func number(_ key: String) throws(TOMLError) -> Double? {
    guard let value = take(key) else { return nil }
    guard let number = value.double else { throw mismatch(key, value, wanted: "a number") }
    return number
  }

  package mutating func bool(_ key: String) throws(TOMLError) -> Bool? {
    guard let value = take(key) else { return nil }
    guard case .bool(let flag) = value else { throw mismatch(key, value, wanted: "true or false") }
    return flag
  }

  package mutating func list(_ key: String) throws(TOMLError) -> [TOMLValue] {
    guard let value = take(key) else { return [] }
    guard case .array(let items) = value else { throw mismatch(key, value, wanted: "a list in [ ]") }
    return items
  }

  package mutating func table(_ key: String) throws(TOMLError) -> TOMLTable? {
    guard let value = take(key) else { return nil }
    guard case .table(let table) = value else { throw mismatch(key, value, wanted: "a table") }
    return table
  }

  package mutating func tables(_ key: String) throws(TOMLError) -> [TOMLTable] {
    guard let value = take(key) else { return [] }
    guard case .tables(let tables) = value else {
      throw mismatch(key, value, wanted: "a list of tables, each below [[\(key)]]")
    }
    return tables
  }

  /// Refuses the first key that nobody asked for.
  package func finish() throws(TOMLError) {
    guard let entry = table.entries.first(where: { !known.contains($0.key) }) else { return }
    let nearest = known.min { Self.distance($0, entry.key) < Self.distance($1, entry.key) } ?? ""
    let advice =
      Self.distance(nearest, entry.key) <= max(2, entry.key.count / 3)
      ? "did you mean \"\(nearest)\"?"
      : "the nearest known is \"\(nearest)\"; there are \(known.joined(separator: ", "))"
    throw TOMLError(
      path: path, line: entry.line, subject: subject, rule: .unknownKey,
      detail: "\(name) has no key \"\(entry.key)\"; \(advice)")
  }

  /// How many characters to insert, delete or replace between two texts; long ones are cut.
  package static func distance(_ a: String, _ b: String) -> Int {
    let (a, b) = (Array(a.prefix(40)), Array(b.prefix(40)))
    var row = Array(0...b.count)
    for (i, x) in a.enumerated() {
      var diagonal = row[0]
      row[0] = i + 1
      for (j, y) in b.enumerated() {
        let replaced = diagonal + (x == y ? 0 : 1)
        diagonal = row[j + 1]
        row[j + 1] = min(replaced, row[j] + 1, diagonal + 1)
      }
    }
    return row[b.count]
  }
}
