import Merge

/// A table of a recipe while its keys are taken out, so that what is left over at the end is unknown.
struct RecipeTable {
  /// The recipe.
  let path: String
  private let table: TOMLTable
  private let name: String
  private var known: [String] = []

  init(_ table: TOMLTable, name: String, path: String) {
    (self.table, self.name, self.path) = (table, name, path)
  }

  /// The line that the table begins on.
  var line: Int { table.line }

  /// The value of a key, which is known from now on.
  mutating func take(_ key: String) -> TOMLValue? {
    known.append(key)
    return table[key]?.value
  }

  /// The error for a value of the wrong type.
  func mismatch(_ key: String, _ value: TOMLValue, wanted: String) -> RecipeFileError {
    refusal(key, "\(key) takes \(wanted), \(value.kind) was given")
  }

  private func refusal(_ key: String, _ detail: String) -> RecipeFileError {
    RecipeFileError(path: path, line: table[key]?.line, rule: .value, detail: detail)
  }

  /// Gives an error of the selection the line of its key.
  func checked(_ key: String, _ body: () throws(LayerWeightsError) -> Void) throws(RecipeFileError) {
    do { try body() } catch { throw refusal(key, "\(key): \(error)") }
  }

  mutating func text(_ key: String, among choices: [String]? = nil) throws(RecipeFileError) -> String? {
    guard let value = take(key) else { return nil }
    guard case .string(let text) = value else { throw mismatch(key, value, wanted: "text in quotes") }
    guard !text.isEmpty else { throw refusal(key, "\(key) is empty; write a value or leave the line out") }
    if let choices, !choices.contains(text) {
      throw refusal(key, "\(key) takes \(choices.joined(separator: ", ")), \"\(text)\" was given")
    }
    return text
  }

  mutating func integer(_ key: String, in range: ClosedRange<Int>) throws(RecipeFileError) -> Int? {
    guard let value = take(key) else { return nil }
    let wanted = "a whole number from \(range.lowerBound) to \(range.upperBound)"
    guard case .integer(let number) = value else { throw mismatch(key, value, wanted: wanted) }
    guard range.contains(number) else { throw refusal(key, "\(key) takes \(wanted), \(number) was given") }
    return number
  }

  mutating func number(_ key: String) throws(RecipeFileError) -> Double? {
    guard let value = take(key) else { return nil }
    guard let number = value.double else { throw mismatch(key, value, wanted: "a number") }
    return number
  }

  mutating func bool(_ key: String) throws(RecipeFileError) -> Bool? {
    guard let value = take(key) else { return nil }
    guard case .bool(let flag) = value else { throw mismatch(key, value, wanted: "true or false") }
    return flag
  }

  mutating func list(_ key: String) throws(RecipeFileError) -> [TOMLValue] {
    guard let value = take(key) else { return [] }
    guard case .array(let items) = value else { throw mismatch(key, value, wanted: "a list in [ ]") }
    return items
  }

  mutating func table(_ key: String) throws(RecipeFileError) -> TOMLTable? {
    guard let value = take(key) else { return nil }
    guard case .table(let table) = value else { throw mismatch(key, value, wanted: "a table") }
    return table
  }

  mutating func tables(_ key: String) throws(RecipeFileError) -> [TOMLTable] {
    guard let value = take(key) else { return [] }
    guard case .tables(let tables) = value else {
      throw mismatch(key, value, wanted: "a list of tables, each below [[\(key)]]")
    }
    return tables
  }

  /// Refuses the first key that nobody asked for.
  func finish() throws(RecipeFileError) {
    guard let entry = table.entries.first(where: { !known.contains($0.key) }) else { return }
    let nearest = known.min { Self.distance($0, entry.key) < Self.distance($1, entry.key) } ?? ""
    let advice =
      Self.distance(nearest, entry.key) <= max(2, entry.key.count / 3)
      ? "did you mean \"\(nearest)\"?"
      : "the nearest known is \"\(nearest)\"; there are \(known.joined(separator: ", "))"
    throw RecipeFileError(
      path: path, line: entry.line, rule: .unknownKey, detail: "\(name) has no key \"\(entry.key)\"; \(advice)")
  }

  /// How many characters to insert, delete or replace between two texts; long ones are cut.
  private static func distance(_ a: String, _ b: String) -> Int {
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
