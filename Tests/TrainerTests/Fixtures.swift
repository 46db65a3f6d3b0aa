import Foundation
import Testing

/// Where test data are.
enum Fixtures {
  private static let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()

  static func path(_ name: String) -> String {
    tests.appending(path: "Fixtures/\(name)").path(percentEncoded: false)
  }

  /// The folder of collected real files, which is not part of the repository.
  static let shared: URL =
    ProcessInfo.processInfo.environment["TROUPE_SHARED"].map { URL(filePath: $0) }
    ?? tests.deletingLastPathComponent().deletingLastPathComponent().appending(path: "shared")

  /// Why tests of the collected files do not run where they are absent.
  static let sharedIsAbsent: Comment = "needs the collected files (set TROUPE_SHARED)"

  static func sharedPath(_ name: String) -> String { shared.appending(path: name).path(percentEncoded: false) }
  static func isShared(_ name: String) -> Bool { FileManager.default.fileExists(atPath: sharedPath(name)) }
}

/// A folder that is removed with its owner.
final class TemporaryFolder {
  let path: String

  init() throws {
    path = FileManager.default.temporaryDirectory.appending(path: "troupe-\(UUID().uuidString)").path(
      percentEncoded: false)
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func path(_ name: String) -> String { "\(path)/\(name)" }

  func write(_ text: String, to name: String) throws {
    let url = URL(filePath: path(name))
    try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(text.utf8).write(to: url)
  }
}
