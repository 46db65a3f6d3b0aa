import Foundation
import SafeTensors

/// Text files that the program writes.
enum OutputFile {
  /// Writes a text under a temporary name and renames it, so that a reader never sees half of it.
  static func write(_ text: String, to path: String) throws {
    do {
      try Data(text.utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
    } catch {
      throw SafeTensorsError(path: path, rule: .cannotWrite, detail: "cannot be written: \(error.localizedDescription)")
    }
  }

  /// Whether two paths lead to the same existing file, links followed.
  static func isSame(_ a: String, _ b: String) -> Bool {
    let (left, right) = (URL(fileURLWithPath: a), URL(fileURLWithPath: b))
    if left.resolvingSymlinksInPath() == right.resolvingSymlinksInPath() { return true }
    let key: FileAttributeKey = .systemFileNumber
    guard let x = try? FileManager.default.attributesOfItem(atPath: left.resolvingSymlinksInPath().path),
      let y = try? FileManager.default.attributesOfItem(atPath: right.resolvingSymlinksInPath().path)
    else { return false }  // one of them does not exist, so they are not the same
    return x[key] as? UInt64 == y[key] as? UInt64 && x[.systemNumber] as? UInt64 == y[.systemNumber] as? UInt64
  }
}
