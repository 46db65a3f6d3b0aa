import SafeTensors

/// A JSON object of settings, whose values are checked as they are read; `null` counts as absent.
struct ConfigurationObject {
  /// The file, for messages.
  let path: String
  /// Where in the file, for messages; empty for the whole.
  var place = ""
  let value: JSONValue

  /// Parses a file; `nil` when there is none.
  static func read(_ path: String) throws -> ConfigurationObject? {
    guard let bytes = try TextFile.contents(path) else { return nil }
    return try parse(bytes, path: path)
  }

  static func parse(_ bytes: [UInt8], path: String) throws -> ConfigurationObject {
    do {
      let object = ConfigurationObject(path: path, value: try JSONParser.parse(bytes))
      guard object.value.members != nil else {
        throw object.failure("is \(object.value.kind), not an object of settings")
      }
      return object
    } catch let error as JSONParsingError {
      throw CheckpointError(
        path: path, rule: .configuration, detail: "is not JSON: \(error.message) at byte \(error.offset)")
    }
  }

  func failure(_ detail: String, _ rule: CheckpointError.Rule = .configuration) -> CheckpointError {
    CheckpointError(path: path, rule: rule, detail: place.isEmpty ? detail : "\(place): \(detail)")
  }

  subscript(_ key: String) -> JSONValue? {
    guard let found = value[key], found != .null else { return nil }
    return found
  }

  func object(_ key: String) throws -> ConfigurationObject? {
    guard let found = self[key] else { return nil }
    guard found.members != nil else { throw failure("\(key) is \(found.kind), not an object") }
    return ConfigurationObject(path: path, place: key, value: found)
  }

  /// A whole number that is at least 1; larger than 2²⁴ none of these settings is.
  func size(_ key: String, _ fallback: Int? = nil) throws -> Int {
    guard let found = self[key] else { return try given(fallback, key) }
    return try size(found, key)
  }

  private func size(_ found: JSONValue, _ key: String, from least: Int = 1) throws -> Int {
    guard let number = found.int, (least...1 << 24).contains(number) else {
      throw failure("\(key) is \(found.text.shortened(to: 40)), not a whole number from \(least)")
    }
    return number
  }

  /// A list of sizes; one number stands for `count` of them.
  func sizes(_ key: String, count: Int? = nil, _ fallback: [Int]? = nil, from least: Int = 1) throws -> [Int] {
    guard let found = self[key] else { return try given(fallback, key) }
    guard let elements = found.elements else {
      return Array(repeating: try size(found, key, from: least), count: count ?? 1)
    }
    let sizes = try elements.map { try size($0, key, from: least) }
    guard !sizes.isEmpty, count == nil || sizes.count == count else {
      throw failure("\(key) has \(sizes.count) entries\(count.map { ", not \($0)" } ?? "")")
    }
    return sizes
  }

  func number(_ key: String, _ fallback: Double? = nil) throws -> Double {
    guard let found = self[key] else { return try given(fallback, key) }
    guard let number = found.number else { throw failure("\(key) is \(found.kind), not a number") }
    return number
  }

  func flag(_ key: String, _ fallback: Bool) throws -> Bool {
    guard let found = self[key] else { return fallback }
    guard let flag = found.bool else { throw failure("\(key) is \(found.kind), not true or false") }
    return flag
  }

  func text(_ key: String, _ fallback: String? = nil) throws -> String {
    guard let found = self[key] else { return try given(fallback, key) }
    guard let text = found.string else { throw failure("\(key) is \(found.kind), not a text") }
    return text
  }

  func texts(_ key: String, _ fallback: [String]) throws -> [String] {
    guard let found = self[key] else { return fallback }
    guard let texts = found.elements?.compactMap(\.string), texts.count == found.elements?.count else {
      throw failure("\(key) is not a list of texts")
    }
    return texts
  }

  /// Refuses settings that change what a network computes in ways this version does not have.
  func only(_ allowed: KeyValuePairs<String, JSONValue>) throws {
    for (key, value) in allowed {
      guard let found = self[key], found != value, found.number == nil || found.number != value.number else { continue }
      throw failure(
        "\(key) is \(found.text.shortened(to: 60)), which Stable Diffusion 1, 2 and XL do not have and this version does not compute",
        .unsupported)
    }
  }

  private func given<Value>(_ fallback: Value?, _ key: String) throws -> Value {
    guard let fallback else { throw failure("\(key) is missing") }
    return fallback
  }
}
