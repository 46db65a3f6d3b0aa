/// Reads the part of TOML that configuration files need, with the line of every key.
///
/// Read are comments, `key = value`, `[table]`, `[[list of tables]]` and `[table.of.the.last]`, text in `"` and `'`,
/// whole and decimal numbers, `true` and `false`, lists over several lines and inline tables. Dates, text over several
/// lines, numbers in other bases, `inf`, `nan` and dotted keys are refused by name. What is read means what it means in
/// TOML 1.0.
package struct TOMLReader {
  private let path: String
  private let subject: String
  let text: [Unicode.Scalar]
  var at = 0
  private var line = 1
  /// Inline tables and lists within one another; more is no configuration, and would exhaust the stack.
  private static let deepest = 16

  /// Reads a text.
  /// - Throws: ``TOMLError`` with the rule `syntax` or `duplicate`.
  ///
  /// - Parameters:
  ///   - text: the text.
  ///   - path: the file's name, for errors.
  ///   - subject: the kind of file in one word, for errors.
  package static func read(
    _ text: String, path: String, subject: String = "recipe"
  ) throws(TOMLError) -> TOMLTable {
    var reader = TOMLReader(path: path, subject: subject, text: Array(text.unicodeScalars))
    return try reader.document()
  }

  private init(path: String, subject: String, text: [Unicode.Scalar]) {
    self.path = path
    self.subject = subject
    self.text = text.first == "\u{FEFF}" ? Array(text.dropFirst()) : text
  }

  func failure(_ detail: String, _ rule: TOMLError.Rule = .syntax) -> TOMLError {
    TOMLError(path: path, line: line, subject: subject, rule: rule, detail: detail)
  }

  var next: Unicode.Scalar? { at < text.count ? text[at] : nil }

  private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
    guard next == scalar else { return false }
    at += 1
    return true
  }

  private mutating func skipSpaces() { while next == " " || next == "\t" { at += 1 } }

  private mutating func skipComment() {
    if next == "#" { while let scalar = next, scalar != "\n" { at += scalar == "\n" ? 0 : 1 } }
  }

  /// Skips spaces, comments and ends of lines.
  private mutating func skipBlank() {
    while true {
      skipSpaces()
      skipComment()
      if take("\n") {
        line += 1
      } else if next == "\r", at + 1 < text.count, text[at + 1] == "\n" {
        at += 1
      } else {
        return
      }
    }
  }

  private mutating func endOfLine() throws(TOMLError) {
    skipSpaces()
    skipComment()
    if next == "\r" { at += 1 }
    guard next == nil || next == "\n" else { throw failure("the line goes on after its value; begin a new line") }
  }

  private mutating func document() throws(TOMLError) -> TOMLTable {
    var root = TOMLTable(line: 1)
    // The open table, as the names that lead to it, and the tables that had a header of their own.
    var open: [String] = []
    var headers: Set<[String]> = []
    while true {
      skipBlank()
      guard next != nil else { return root }
      if take("[") {
        let isList = take("[")
        open = try header()
        guard take("]"), !isList || take("]") else {
          throw failure("a table's name ends in \(isList ? "]]" : "]"), which is missing; add it")
        }
        if isList {
          // A new member may have the tables that the one before it had.
          headers = headers.filter { !$0.starts(with: open) }
        } else if !headers.insert(open).inserted {
          throw failure("the table [\(open.joined(separator: "."))] is given twice; join the two", .duplicate)
        }
        try declare(open[...], isList: isList, in: &root)
      } else {
        let entry = try pair(depth: 0)
        try insert(entry, at: open[...], in: &root)
      }
      try endOfLine()
    }
  }

  private mutating func header() throws(TOMLError) -> [String] {
    var names: [String] = []
    repeat {
      skipSpaces()
      names.append(try key())
      skipSpaces()
    } while take(".")
    guard names.count <= 4 else { throw failure("tables lie at most 4 deep, \(names.count) names were given") }
    return names
  }

  private func declare(
    _ names: ArraySlice<String>, isList: Bool, in table: inout TOMLTable
  ) throws(TOMLError) {
    guard let name = names.first else { return }
    let isLast = names.count == 1
    let fresh = TOMLTable(line: line)
    guard let place = table.place(of: name) else {
      var inner = fresh
      try declare(names.dropFirst(), isList: isList, in: &inner)
      let value: TOMLValue = isLast && isList ? .tables([inner]) : .table(inner)
      table.entries.append(.init(key: name, value: value, line: line))
      return
    }
    switch table.entries[place].value {
    case .tables(var members):
      if isLast {
        guard isList else {
          throw failure("[[\(name)]] is a list of tables, [\(name)] was given; write [[\(name)]]", .duplicate)
        }
        members.append(fresh)
      } else if !members.isEmpty {
        try declare(names.dropFirst(), isList: isList, in: &members[members.count - 1])
      }
      table.entries[place].value = .tables(members)
    case .table(var inner) where !isLast:
      try declare(names.dropFirst(), isList: isList, in: &inner)
      table.entries[place].value = .table(inner)
    default:
      throw failure("\"\(name)\" is given twice, first on line \(table.entries[place].line); keep one", .duplicate)
    }
  }

  private func insert(
    _ entry: TOMLTable.Entry, at names: ArraySlice<String>, in table: inout TOMLTable
  ) throws(TOMLError) {
    guard let name = names.first else {
      if let twin = table[entry.key] {
        throw TOMLError(
          path: path, line: entry.line, subject: subject, rule: .duplicate,
          detail: "\"\(entry.key)\" is given twice, first on line \(twin.line); keep one")
      }
      table.entries.append(entry)
      return
    }
    guard let place = table.place(of: name) else { return }
    switch table.entries[place].value {
    case .table(var inner):
      try insert(entry, at: names.dropFirst(), in: &inner)
      table.entries[place].value = .table(inner)
    case .tables(var members) where !members.isEmpty:
      try insert(entry, at: names.dropFirst(), in: &members[members.count - 1])
      table.entries[place].value = .tables(members)
    default: break
    }
  }

  private mutating func pair(depth: Int) throws(TOMLError) -> TOMLTable.Entry {
    let start = line
    let name = try key()
    skipSpaces()
    guard next != "." else { throw failure("dotted keys are not read; write a [table] or put the key in quotes") }
    guard take("=") else { throw failure("after the key \"\(name)\" an = is wanted; write \(name) = value") }
    skipSpaces()
    return .init(key: name, value: try value(depth: depth), line: start)
  }

  private mutating func key() throws(TOMLError) -> String {
    if next == "\"" || next == "'" { return try string() }
    let name = bare {
      $0.isASCII && ($0.properties.isAlphabetic || $0.properties.numericType != nil || "-_".unicodeScalars.contains($0))
    }
    guard !name.isEmpty else {
      throw failure(
        "a key is wanted, \(next.map { "\"\($0)\"" } ?? "the end") was found; names beyond letters, digits, - and _ stand in quotes"
      )
    }
    return name
  }

  mutating func bare(_ isPart: (Unicode.Scalar) -> Bool) -> String {
    var result = String.UnicodeScalarView()
    while let scalar = next, isPart(scalar) {
      result.append(scalar)
      at += 1
    }
    return String(result)
  }

  private mutating func value(depth: Int) throws(TOMLError) -> TOMLValue {
    guard depth < Self.deepest else { throw failure("values lie at most \(Self.deepest) deep; make it flatter") }
    switch next {
    case "\"", "'": return .string(try string())
    case "[":
      at += 1
      return .array(try list(depth: depth))
    case "{":
      at += 1
      return .table(try inline(depth: depth))
    default: return try scalar()
    }
  }

  private mutating func list(depth: Int) throws(TOMLError) -> [TOMLValue] {
    var items: [TOMLValue] = []
    while true {
      skipBlank()
      if take("]") { return items }
      items.append(try value(depth: depth + 1))
      skipBlank()
      if take(",") { continue }
      guard take("]") else { throw failure("a list goes on with , or ends in ]; add one of them") }
      return items
    }
  }

  private mutating func inline(depth: Int) throws(TOMLError) -> TOMLTable {
    var table = TOMLTable(line: line)
    skipSpaces()
    if take("}") { return table }
    while true {
      skipSpaces()
      try insert(try pair(depth: depth + 1), at: [], in: &table)
      skipSpaces()
      if take(",") { continue }
      guard take("}") else { throw failure("an inline table goes on with , or ends in } on the same line; add one") }
      return table
    }
  }
}
