internal import SafeTensors
internal import TOML

/// Configuration files as text.
enum ConfigurationText {
  /// The text of a file.
  static func read(_ path: String, subject: String, largest: Int) throws -> String {
    guard let bytes = try TextFile.contents(path) else {
      throw TOMLError(
        path: path, line: nil, subject: subject, rule: .missing, detail: "there is no such file; check the path")
    }
    guard bytes.count <= largest else {
      throw TOMLError(
        path: path, line: nil, subject: subject, rule: .syntax,
        detail: "a configuration has at most \(largest) bytes, this file has \(bytes.count); is it one?")
    }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw TOMLError(
        path: path, line: nil, subject: subject, rule: .syntax,
        detail: "a configuration is UTF-8 text, this file is not; save it as UTF-8")
    }
    return text
  }

  /// A path as the program opens it: relative to the folder of the file that names it.
  static func path(of name: String, beside file: String) -> String {
    guard !name.hasPrefix("/"), let slash = file.lastIndex(of: "/") else { return name }
    return file[...slash] + name
  }
}
