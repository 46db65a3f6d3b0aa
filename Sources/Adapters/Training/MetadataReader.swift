import SafeTensors

/// Reads typed values from a file's text metadata and remembers which keys it could not read.
///
/// Trainers store everything as Python's `str()` prints it: `None`, `True`, `(768, 768)`.
struct MetadataReader {
  private let values: [String: String]
  /// For values that were translated from another trainer's record: the key they came from.
  private let origins: [String: String]
  private(set) var unreadable: Set<String> = []
  /// The keys that some part of a record has asked for; what is left over is listed as it is.
  private(set) var taken: Set<String> = []
  /// Nested documents read so far; several parts of a record look into the same ones.
  private var documents: [String: JSONValue] = [:]

  init(_ metadata: [String: String], beside sidecars: Sidecars = .none) {
    let foreign = ForeignRecord(metadata, beside: sidecars)
    values = metadata.merging(foreign.values) { stored, _ in stored }
    origins = foreign.values.keys.reduce(into: [:]) { result, key in
      if metadata[key] == nil { result[key] = foreign.origin[key] }
    }
    unreadable = foreign.unreadable
    taken = foreign.taken
  }

  var keys: Dictionary<String, String>.Keys { values.keys }

  func has(_ key: String) -> Bool { values[key] != nil }

  /// Where a value stands: its metadata key, the key of another trainer's document, or a file beside the weights; nil
  /// when there is none.
  func source(of key: String) -> String? { has(key) ? origins[key] ?? key : nil }

  /// The text itself; nil when it is empty or says that there is none.
  mutating func text(_ key: String) -> String? {
    taken.insert(key)
    return stored(key)
  }

  /// A value as stored, whatever it says.
  func raw(_ key: String) -> String? { values[key] }

  /// Marks keys as read, whatever they hold.
  mutating func take(_ keys: String...) { taken.formUnion(keys) }

  /// A key's text without taking it.
  func stored(_ key: String) -> String? {
    guard let stored = values[key]?.trimmed, !stored.isEmpty else { return nil }
    return ["None", "none", "null", "[]", "{}"].contains(stored) ? nil : stored
  }

  /// A finite number.
  mutating func number(_ key: String) -> Double? {
    read(key) { Double($0).flatMap { $0.isFinite ? $0 : nil } }
  }

  /// A whole number, also when it is written as `3010.0`.
  mutating func integer(_ key: String) -> Int? {
    read(key) { Int($0) ?? Double($0).flatMap { Int(exactly: $0) } }
  }

  /// A whole number that cannot be negative.
  mutating func count(_ key: String) -> Int? {
    read(key) { text in
      let value = Int(text) ?? Double(text).flatMap { Int(exactly: $0) }
      return value.flatMap { $0 >= 0 ? $0 : nil }
    }
  }

  mutating func flag(_ key: String) -> Bool? {
    read(key) { text in
      switch text.lowercased() {
      case "true", "1": true
      case "false", "0": false
      default: nil
      }
    }
  }

  /// One or several finite numbers, as in `(768, 768)`; entries of `None` are left out.
  mutating func numbers(_ key: String) -> [Double] {
    read(key) { text in
      let inner = text.filter { !"()[] ".contains($0) }
      let parts = inner.split(separator: ",").filter { $0 != "None" && $0 != "null" }
      let numbers = parts.compactMap { Double($0) }.filter(\.isFinite)
      return numbers.count == parts.count ? numbers : nil
    } ?? []
  }

  /// A nested document.
  mutating func json(_ key: String) -> JSONValue? {
    taken.insert(key)
    if let known = documents[key] { return known }
    let document = read(key) { LenientJSON.parse($0) }
    documents[key] = document
    return document
  }

  /// Notes that a key's content has an unexpected form.
  mutating func reject(_ key: String) { unreadable.insert(origins[key] ?? key) }

  private mutating func read<Value>(_ key: String, _ convert: (String) -> Value?) -> Value? {
    guard let stored = text(key) else { return nil }
    let value = convert(stored)
    if value == nil { reject(key) }
    return value
  }
}

extension String {
  /// Without white space at both ends.
  var trimmed: String {
    guard let first = unicodeScalars.first, let last = unicodeScalars.last else { return self }
    guard first.properties.isWhitespace || last.properties.isWhitespace else { return self }
    let scalars = unicodeScalars
    guard let start = scalars.firstIndex(where: { !$0.properties.isWhitespace }),
      let end = scalars.lastIndex(where: { !$0.properties.isWhitespace })
    else { return "" }
    return String(scalars[start...end])
  }

  /// The part after the last slash of either kind: records made on Windows and on Linux meet in one table.
  var lastPathComponent: String {
    split(whereSeparator: { $0 == "/" || $0 == "\\" }).last.map(String.init) ?? self
  }

  /// Lower-case letters and digits only, so that punctuation and case do not matter in a comparison.
  var lettersAndDigits: String {
    String(
      lowercased().unicodeScalars.filter { $0.properties.isAlphabetic || $0.properties.numericType != nil })
  }
}

extension JSONValue {
  /// A scalar as Python's `str()` prints it; nil for null and for containers.
  var scalarText: String? {
    switch self {
    case .null, .array, .object: nil
    case .bool(let flag): flag ? "True" : "False"
    case .unsigned(let n): String(n)
    case .negative(let n): String(n)
    case .double(let d): String(d)
    case .string(let s): s
    }
  }

  /// A count that cannot be negative.
  var count: Int? { int.flatMap { $0 >= 0 ? $0 : nil } }

  /// A text that is not empty.
  var filledText: String? { string.map(\.trimmed).flatMap { $0.isEmpty ? nil : $0 } }
}
