import Foundation
import Testing

@testable import SafeTensors

@Suite("Files of other formats")
struct ForeignFormatTests {
  static let zeros = [UInt8](repeating: 0, count: 100)

  static let beginnings: [(bytes: [UInt8], format: ForeignFormat)] = [
    ("<!DOCTYPE html><html><body>Please log in</body></html>".utf8.map { $0 }, ForeignFormat.html),
    ("\n  <html lang=\"en\"><head></head></html>".utf8.map { $0 }, .html),
    ("<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code></Error>".utf8.map { $0 }, .html),
    (
      "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 123\n".utf8.map { $0 },
      .gitLFSPointer
    ),
    ([0x50, 0x4B, 0x03, 0x04] + zeros, .zip), ([0x80, 0x02, 0x7D, 0x71, 0x00, 0x2E] + zeros, .pickle),
    ([0x80, 0x04, 0x95, 0x10] + zeros, .pickle), ([0x1F, 0x8B, 0x08, 0x00, 1, 2, 3, 4, 5], .gzip),
    ([0x28, 0xB5, 0x2F, 0xFD, 0x24, 0x64, 0xC5, 0x02, 0x00], .zstd),
    ("GGUF".utf8 + [3, 0, 0, 0] + zeros, .gguf),
    ([0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C, 0, 4] + zeros, .sevenZip),
    ("Rar!".utf8 + [0x1A, 7, 1, 0] + zeros, .rar),
    ([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A] + zeros, .picture),
    ([0xFF, 0xD8, 0xFF, 0xE0, 0, 16, 0x4A, 0x46] + zeros, .picture),
    ("RIFF".utf8 + [0, 0, 0, 0] + "WEBPVP8 ".utf8, .picture), ("GIF89a".utf8 + zeros, .picture),
    (#"{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#.utf8.map { $0 }, .json), (zeros, .zeros),
  ]

  @Test(arguments: beginnings)
  func isNamed(bytes: [UInt8], format: ForeignFormat) throws {
    let folder = try TemporaryFolder()
    let path = try folder.file("downloaded.safetensors", bytes)
    let error = try #require(throws: SafeTensorsError.self) { try SafeTensorsFile(path: path) }
    #expect(error.rule == .foreignFormat, "\(error)")
    #expect(error.description.contains(path))
    #expect(error.description.contains(format.rawValue))
    #expect(error.description.contains(format.advice))
  }

  @Test func everyFormatIsTested() {
    #expect(Set(Self.beginnings.map(\.format)) == Set(ForeignFormat.allCases))
  }

  /// A sound file is never called foreign, whatever its length happens to spell.
  @Test func aBrokenSafetensorsFileKeepsItsRule() throws {
    let folder = try TemporaryFolder()
    // 0x8B1F bytes of header: the file begins like gzip.
    let header = Array(#"{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}"#.utf8)
    let padded = header + Array(repeating: 0x20, count: 0x8B1F - header.count)
    let path = try folder.file("odd.safetensors", container(padded, data: [0, 0, 0, 0]))
    let error = try #require(throws: SafeTensorsError.self) { try SafeTensorsFile(path: path) }
    #expect(error.rule == .sizeMismatch)
  }

  @Test func missingFile() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("nowhere.safetensors")
    let error = try #require(throws: SafeTensorsError.self) { try SafeTensorsFile(path: path) }
    #expect(error.rule == .cannotOpen)
    #expect(error.description.contains(path) && error.description.contains("No such file"))
  }

  @Test func folderInsteadOfFile() throws {
    let folder = try TemporaryFolder()
    let error = try #require(throws: SafeTensorsError.self) { try SafeTensorsFile(path: folder.path) }
    #expect(error.rule == .cannotOpen)
    #expect(error.description.contains(folder.path) && error.description.contains("is a folder"))
  }

  @Test func deviceInsteadOfFile() throws {
    let error = try #require(throws: SafeTensorsError.self) { try SafeTensorsFile(path: "/dev/null") }
    #expect(error.rule == .cannotOpen && error.detail.contains("not a regular file"))
  }

  /// Every prefix of a sound file is refused, and none as something else than a cut-off safetensors file.
  @Test func truncatedAnywhere() throws {
    let folder = try TemporaryFolder()
    let whole = container(#"{"w":["F32",[2],[0,8]]}"#, data: Array(1...8))
    #expect(throws: Never.self) { try SafeTensorsFile(path: folder.file("whole.safetensors", whole)) }
    for count in 0..<whole.count {
      let path = try folder.file("part.safetensors", whole[..<count])
      let error = try #require(throws: SafeTensorsError.self) { try SafeTensorsFile(path: path) }
      let expected: SafeTensorsError.Rule =
        count < 8 ? .headerTooSmall : count < whole.count - 8 ? .headerLength : .notCovered
      #expect(error.rule == expected, "\(count) bytes: \(error)")
    }
  }
}
