import Foundation
import Testing

@testable import SafeTensors

@Suite("Writing that fails")
struct WriterFailureTests {
  private static let one = [TensorDeclaration(name: "w", dtype: .f32, shape: [2])]

  /// Begins a file, lets `body` fail, and returns the error.
  private func failure(
    _ path: String, _ declarations: [TensorDeclaration] = one, metadata: [String: String] = [:],
    existing: SafeTensorsWriter.Existing = .refuse,
    _ body: (consuming SafeTensorsWriter) throws -> Void = { try $0.finish() }
  ) throws -> SafeTensorsError {
    try #require(throws: SafeTensorsError.self) {
      try body(
        SafeTensorsWriter(path: path, declarations: declarations, metadata: metadata, existing: existing))
    }
  }

  @Test func anExistingFileIsKept() throws {
    let folder = try TemporaryFolder()
    let path = try folder.file("there.safetensors", [1, 2, 3])
    let error = try failure(path)
    #expect(error.rule == .exists && error.description.contains(path))
    #expect(try contents(path) == [1, 2, 3])
    #expect(folder.names == ["there.safetensors"])
  }

  @Test func aFailedReplacementKeepsTheOldFile() throws {
    let folder = try TemporaryFolder()
    let path = try folder.file("there.safetensors", [1, 2, 3])
    let error = try failure(path, existing: .replace) { try $0.finish() }
    #expect(error.rule == .writerMisuse)
    #expect(try contents(path) == [1, 2, 3])
    #expect(folder.names == ["there.safetensors"])
  }

  @Test(arguments: [0, 7, 9])
  func wrongByteCount(count: Int) throws {
    let folder = try TemporaryFolder()
    let path = folder.path("w.safetensors")
    let error = try failure(path) { writer in
      var writer = writer
      try writer.append(Array(repeating: 0, count: count))
      try writer.finish()
    }
    #expect(error.rule == .writerMisuse && error.tensor == "w")
    #expect(error.description.contains("\(count) bytes were given for 8") && error.description.contains(path))
    #expect(folder.names.isEmpty)
  }

  @Test func tooManyTensors() throws {
    let folder = try TemporaryFolder()
    let error = try failure(folder.path("w.safetensors")) { writer in
      var writer = writer
      for _ in 0..<2 { try writer.append(Array(repeating: 0, count: 8)) }
    }
    #expect(error.rule == .writerMisuse && error.detail.contains("more tensors"))
    #expect(folder.names.isEmpty)
  }

  @Test func tooFewTensors() throws {
    let folder = try TemporaryFolder()
    let error = try failure(folder.path("w.safetensors"))
    #expect(error.rule == .writerMisuse && error.detail.contains("only 0 of 1"))
    #expect(folder.names.isEmpty)
  }

  @Test func metadataNotReserved() throws {
    let folder = try TemporaryFolder()
    for (key, value) in [("unknown", "12"), ("known", "123"), ("known", "1\n")] {
      let error = try failure(folder.path("w.safetensors"), metadata: ["known": "12"]) { writer in
        var writer = writer
        try writer.replaceMetadata(key, with: value)
      }
      #expect(error.rule == .writerMisuse && error.detail.contains(key))
    }
    #expect(folder.names.isEmpty)
  }

  @Test func declaredTwice() throws {
    let folder = try TemporaryFolder()
    let error = try failure(folder.path("w.safetensors"), Self.one + Self.one)
    #expect(error.rule == .duplicateField && error.tensor == "w")
    #expect(folder.names.isEmpty)
  }

  @Test(
    .enabled(if: !_isDebugAssertConfiguration(), "100 MB of text take half a minute without optimisation"))
  func aHeaderBeyondTheFormatsLimit() throws {
    let folder = try TemporaryFolder()
    let text = String(repeating: "x", count: Header.largest)
    let error = try failure(folder.path("w.safetensors"), metadata: ["k": text])
    #expect(error.rule == .headerTooLarge)
    #expect(folder.names.isEmpty)
  }

  @Test func droppedUnfinished() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("w.safetensors")
    do {
      var writer = try SafeTensorsWriter(path: path, declarations: Self.one, metadata: [:])
      try writer.append(Array(repeating: 1, count: 8))
      // While it is being written it stands beside the target, under another name.
      #expect(folder.names.count == 1 && folder.names != ["w.safetensors"])
    }
    #expect(folder.names.isEmpty)
  }

  @Test func missingFolder() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("no/such/w.safetensors")
    let error = try failure(path)
    #expect(error.rule == .cannotWrite && error.description.contains(path))
    #expect(error.detail.contains("No such file"))
  }

  @Test(.enabled(if: getuid() != 0, "the superuser may write anywhere"))
  func unwritableFolder() throws {
    let folder = try TemporaryFolder()
    try FileManager.default.setAttributes([.posixPermissions: 0o555], ofItemAtPath: folder.path)
    defer { try? FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: folder.path) }
    let path = folder.path("w.safetensors")
    let error = try failure(path)
    #expect(error.rule == .cannotWrite && error.description.contains(path))
  }

  /// A folder under the target's name cannot be replaced; the data are complete by then, and must not be left over.
  @Test func theRenameFails() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("taken.safetensors")
    try FileManager.default.createDirectory(atPath: "\(path)/inside", withIntermediateDirectories: true)
    let error = try failure(path, [], existing: .replace)
    #expect(error.rule == .cannotWrite && error.detail.contains("renamed"))
    #expect(folder.names == ["taken.safetensors"])
  }

  /// What a process that had this one's number left behind hinders nobody, and a link there is not written through.
  @Test func anUnfinishedFileOfBeforeIsLeftAlone() throws {
    let folder = try TemporaryFolder()
    let (path, victim) = (folder.path("w.safetensors"), try folder.file("victim", [1]))
    let before = "\(path).\(getpid()).part"
    try FileManager.default.createSymbolicLink(atPath: before, withDestinationPath: victim)
    for _ in 0..<2 {
      let writer = try SafeTensorsWriter(path: path, declarations: [], metadata: [:], existing: .replace)
      try writer.finish()
    }
    #expect(try SafeTensorsFile(path: path).header.tensors.isEmpty && contents(victim) == [1])
    #expect(folder.names.count == 3)
  }
}
