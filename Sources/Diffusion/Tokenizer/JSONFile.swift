import SafeTensors

/// The JSON files of a tokenizer's folder.
enum JSONFile {
  /// The object that a file holds, or nil when there is no such file.
  static func object(_ path: String) throws(TokenizerError) -> JSONValue? {
    guard let bytes = try contents(path) else { return nil }
    let document: JSONValue
    do { document = try JSONParser.parse(bytes) } catch {
      throw TokenizerError(path: path, problem: "no JSON: \(error.message) (byte \(error.offset))")
    }
    guard document.members != nil else {
      throw TokenizerError(path: path, problem: "the file should hold a JSON object, and holds \(document.kind)")
    }
    return document
  }

  /// The text of a file as bytes, or nil when there is no such file.
  static func contents(_ path: String) throws(TokenizerError) -> [UInt8]? {
    let bytes: [UInt8]?
    do { bytes = try TextFile.contents(path) } catch {
      throw TokenizerError(path: path, problem: error.detail)
    }
    guard let bytes else { return nil }
    guard String(validating: bytes, as: UTF8.self) != nil else {
      throw TokenizerError(path: path, problem: "the file is not text in UTF-8")
    }
    return bytes
  }
}
