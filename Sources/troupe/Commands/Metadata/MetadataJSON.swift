import SafeTensors

/// Metadata from files beside the model.
enum MetadataJSON {
  /// The entries of a JSON object, in its order.
  ///
  /// What is not a text becomes what sd-scripts would write: `True`, the number's digits, JSON.
  static func entries(_ path: String) throws -> [(key: String, value: String)] {
    let root: JSONValue
    do { root = try JSONParser.parse(try text(path)) } catch let error as JSONParsingError {
      throw MetadataError(path: path, detail: "is not JSON: \(error.message) at byte \(error.offset)")
    }
    // What `show --json` prints has the metadata one level deeper.
    let inner = root["schema"] != nil ? root["metadata"] : nil
    guard let members = (inner ?? root).members else {
      throw MetadataError(path: path, detail: "is \(root.kind), not a JSON object of metadata")
    }
    return try members.map { member in
      switch member.value {
      case .string(let text): return (member.name, text)
      case .bool(let flag): return (member.name, flag ? "True" : "False")
      case .null: throw MetadataError(path: path, key: member.name, detail: "is null, and metadata are texts")
      default: return (member.name, member.value.text)
      }
    }
  }

  /// The text of a file, without the line end that editors put at its end.
  static func text(_ path: String) throws -> String {
    guard let bytes = try TextFile.contents(path) else {
      throw MetadataError(path: path, detail: "there is no such file")
    }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw MetadataError(path: path, detail: "is not UTF-8 text")
    }
    return text.hasSuffix("\r\n") || text.hasSuffix("\n") ? String(text.dropLast()) : text
  }
}
