import Foundation
import Testing

@testable import SafeTensors

/// Metadata changed in files.
@Suite("Metadata edits")
struct MetadataEditTests {
  private let tensors: [(TensorDeclaration, [UInt8])] = [
    (.init(name: "w", dtype: .f16, shape: [300]), (0..<600).map { UInt8(truncatingIfNeeded: $0) }),
    (.init(name: "v", dtype: .u8, shape: [5]), [1, 2, 3, 4, 5]),
  ]

  private func file(_ folder: TemporaryFolder, _ name: String = "a.safetensors") throws -> String {
    try write(folder.path(name), tensors, metadata: ["a": "1", "b": "two"])
    return folder.path(name)
  }

  /// The bytes behind the header.
  private func data(_ path: String) throws -> [UInt8] {
    let file = try SafeTensorsFile(path: path)
    return try file.read(fileRange: file.header.dataStart..<file.size)
  }

  @Test func anotherFileIsWritten() async throws {
    let folder = try TemporaryFolder()
    let path = try file(folder)
    let before = try contents(path)
    var edit = try MetadataEdit(path: path)
    edit.text["c"] = "new"
    let outcome = try await edit.write(to: folder.path("b.safetensors"))
    #expect(outcome.way == .copied && outcome.spare >= HeaderText.spare)
    #expect(try contents(path) == before)
    #expect(try data(folder.path("b.safetensors")) == data(path))
    let written = try SafeTensorsFile(path: folder.path("b.safetensors"))
    #expect(written.header.metadata == ["a": "1", "b": "two", "c": "new"])
    #expect(written.header.tensors == (try SafeTensorsFile(path: path)).header.tensors)
    #expect(written.header.dataStart == outcome.headerSize)
  }

  @Test func aHeaderThatFitsIsWrittenInPlace() async throws {
    let folder = try TemporaryFolder()
    let path = try file(folder)
    let before = try contents(path)
    var edit = try MetadataEdit(path: path)
    edit.text["b"] = "2"
    let outcome = try await edit.writeInPlace()
    #expect(outcome.way == .header && outcome.written > 0 && outcome.written < outcome.headerSize)
    let after = try contents(path)
    #expect(after.count == before.count && after.suffix(605) == before.suffix(605))
    #expect(try SafeTensorsFile(path: path).header.metadata == ["a": "1", "b": "2"])
    #expect(folder.names == ["a.safetensors"], "the journal is gone")
  }

  @Test func aHeaderThatDoesNotFitMovesTheData() async throws {
    let folder = try TemporaryFolder()
    let path = try file(folder)
    let link = folder.path("link.safetensors")
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: path)
    try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
    let before = try data(path)
    var edit = try MetadataEdit(path: link)
    edit.text["b"] = String(repeating: "long ", count: 100)
    #expect(try await edit.writeInPlace().way == .copied)
    #expect(try data(path) == before)
    let attributes = try FileManager.default.attributesOfItem(atPath: path)
    #expect(attributes[.posixPermissions] as? Int == 0o600)
    #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link) == path, "a link stays one")
    // The next edit has room.
    var next = try MetadataEdit(path: path)
    next.text["c"] = String(repeating: "more ", count: 200)
    #expect(try await next.writeInPlace().way == .header)
    #expect(try SafeTensorsFile(path: path).header.metadata["c"]?.count == 1000)
  }

  @Test func nothingToDoWritesNothing() async throws {
    let folder = try TemporaryFolder()
    let path = try file(folder)
    let date = try FileManager.default.attributesOfItem(atPath: path)[.modificationDate] as? Date
    var edit = try MetadataEdit(path: path)
    edit.text["a"] = "1"
    let outcome = try await edit.writeInPlace()
    #expect(outcome.way == .nothing && outcome.written == 0)
    #expect(try FileManager.default.attributesOfItem(atPath: path)[.modificationDate] as? Date == date)
  }

  // MARK: - Archives

  @Test func archivesKeepTheirFrames() async throws {
    let folder = try TemporaryFolder()
    let path = try file(folder)
    let packed = folder.path("p.safetensors.zst")
    _ = try await Archive.pack(SafeTensorsFile(path: path), to: packed)
    var edit = try MetadataEdit(path: packed)
    edit.text["a"] = nil
    #expect(try await edit.writeInPlace().way == .headerFrame)
    #expect(try data(packed) == data(path))
    #expect(try SafeTensorsFile(path: packed).header.metadata == ["b": "two"])
    // From an archive to a file, and from a file to an archive.
    var unpacking = try MetadataEdit(path: packed)
    unpacking.text["c"] = "3"
    #expect(try await unpacking.write(to: folder.path("u.safetensors")).way == .copied)
    #expect(try data(folder.path("u.safetensors")) == data(path))
    var packing = try MetadataEdit(path: path)
    packing.text["c"] = "3"
    #expect(try await packing.write(to: folder.path("q.safetensors.zst")).way == .packed)
    #expect(try data(folder.path("q.safetensors.zst")) == data(path))
    #expect(try SafeTensorsFile(path: folder.path("q.safetensors.zst")).header.metadata["c"] == "3")
  }

  @Test func anArchiveWithoutATableIsPackedAnew() async throws {
    let folder = try TemporaryFolder()
    let path = try folder.file("s.safetensors.zst", ArchiveSamples.bytes(ArchiveSamples.small))
    var edit = try MetadataEdit(path: path)
    edit.text["a"] = "c"
    #expect(try await edit.writeInPlace().way == .packed)
    let file = try SafeTensorsFile(path: path)
    #expect(file.header.metadata == ["a": "c"])
    #expect(try file.floats(of: file.header.tensors[0]) == [1.5, -2])
  }

  // MARK: - Interruptions

  /// The journal of an edit that stopped after it had written a part.
  private func interrupted(_ folder: TemporaryFolder) throws -> (path: String, before: [UInt8]) {
    let path = try file(folder)
    let before = try contents(path)
    let start = try SafeTensorsFile(path: path).header.dataStart
    try Data(before[..<start]).write(to: URL(filePath: HeaderJournal.path(of: path)))
    var torn = before
    for i in 12..<24 { torn[i] = UInt8(ascii: "#") }
    try Data(torn).write(to: URL(filePath: path))
    return (path, before)
  }

  @Test func anInterruptedEditIsUndone() throws {
    let folder = try TemporaryFolder()
    let (path, before) = try interrupted(folder)
    #expect(throws: SafeTensorsError.self) { try SafeTensorsFile(path: path) }
    let error = try #require(throws: SafeTensorsError.self) { try MetadataEdit(path: path) }
    #expect(error.rule == .interrupted && error.detail.contains("recover"))
    #expect(try HeaderJournal.recover(path) == .restored)
    #expect(try contents(path) == before)
    #expect(folder.names == ["a.safetensors"])
  }

  @Test func aJournalThatWasNotCompleteIsRemoved() throws {
    let folder = try TemporaryFolder()
    let path = try file(folder)
    let before = try contents(path)
    try Data(before[..<20]).write(to: URL(filePath: HeaderJournal.path(of: path)))
    #expect(try HeaderJournal.recover(path) == .unchanged)
    // Complete, but nothing had been changed yet.
    let start = try SafeTensorsFile(path: path).header.dataStart
    try Data(before[..<start]).write(to: URL(filePath: HeaderJournal.path(of: path)))
    #expect(try HeaderJournal.recover(path) == .unchanged)
    #expect(try contents(path) == before)
    #expect(folder.names == ["a.safetensors"])
  }

  @Test func aJournalOfAnotherFile() throws {
    let folder = try TemporaryFolder()
    let (path, _) = try interrupted(folder)
    try Data([1, 2, 3]).write(to: URL(filePath: HeaderJournal.path(of: path)))
    let error = try #require(throws: SafeTensorsError.self) { try HeaderJournal.recover(path) }
    #expect(error.rule == .interrupted)
    #expect(folder.names.count == 2, "nothing is removed that could still help")
  }

  @Test func withoutAJournalThereIsNothingToRecover() throws {
    let folder = try TemporaryFolder()
    let path = try file(folder)
    #expect(throws: SafeTensorsError.self) { try HeaderJournal.recover(path) }
  }

  @Test func aFileThatChangedMeanwhileIsLeftAlone() async throws {
    let folder = try TemporaryFolder()
    let path = try file(folder)
    var edit = try MetadataEdit(path: path)
    edit.text["b"] = "2"
    var other = try MetadataEdit(path: path)
    other.text["a"] = "9"
    _ = try await other.writeInPlace()
    let error = await #expect(throws: SafeTensorsError.self) { try await edit.writeInPlace() }
    #expect(error?.rule == .cannotWrite)
    #expect(try SafeTensorsFile(path: path).header.metadata == ["a": "9", "b": "two"])
    #expect(folder.names == ["a.safetensors"])
  }
}
