import Foundation
import Images
import Testing

/// What scripts/oracles/make_image_fixture.py wrote.
struct ImageFixture: Decodable, Sendable {
  struct File: Decodable, Sendable, CustomTestStringConvertible {
    var file: String
    var format: ImageFormat
    var width, height, channels: Int
    var samples: String
    var tolerance: Int
    var why: String
    var orientation: Int?
    var pages: Int?
    var testDescription: String { file }
  }
  struct Text: Decodable, Sendable {
    var key, value, kind: String
  }
  struct Flattening: Decodable, Sendable {
    var width, height, channels: Int
    var samples, expected: String
    var background: [UInt8]
  }
  struct Resizing: Decodable, Sendable, CustomTestStringConvertible {
    var width, height, channels, toWidth, toHeight: Int
    var samples, expected: String
    var testDescription: String { "\(channels) channels to \(toWidth) × \(toHeight)" }
  }
  var files: [File]
  var texts: [Text]
  var flatten: [Flattening]
  var resize: [Resizing]

  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "Fixtures/images")
  static let shared: ImageFixture = {
    do {
      return try JSONDecoder().decode(
        ImageFixture.self, from: Data(contentsOf: folder.appending(path: "images.json")))
    } catch {
      fatalError("the fixture of pictures cannot be read: \(error)")
    }
  }()

  static func path(_ name: String) -> String { folder.appending(path: name).path }
  static func bytes(_ name: String) throws -> [UInt8] { [UInt8](try Data(contentsOf: folder.appending(path: name))) }

  static func bytes(hex: String) -> [UInt8] {
    let digits = hex.utf8.map { UInt8($0 < 97 ? $0 - 48 : $0 - 87) }
    return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
  }

  /// The greatest difference of two samples; 256 where the counts differ.
  static func difference(_ one: [UInt8], _ other: [UInt8]) -> Int {
    guard one.count == other.count else { return 256 }
    return zip(one, other).map { abs(Int($0) - Int($1)) }.max() ?? 0
  }

  /// A folder that is removed with everything in it.
  static func withFolder(_ body: (String) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "troupe-images-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try body(folder.path)
  }
}
