import Foundation
import Testing

@testable import SafeTensors

/// Files that are written in blocks past the page cache; here at any size.
@Suite("Writing large files")
struct LargeFileTests {
  /// Tensors whose bytes end within a block, fill several, and are too few to be written alone.
  private static let counts = [BlockLane.blockSize - 1000, 3 * BlockLane.blockSize + 17, 5, 70_000, 0, 4096]

  /// Bytes that repeat after a prime number, so that none of a wrong place would do.
  private static let all: [(TensorDeclaration, [UInt8])] = counts.enumerated().map { index, count in
    var bytes = (0..<251).map { UInt8($0) ^ UInt8(index) }
    while bytes.count < count { bytes += bytes }
    return (TensorDeclaration(name: "w\(index)", dtype: .u8, shape: [count]), Array(bytes.prefix(count)))
  }

  private func write(_ path: String, pastCacheFrom: Int, hashes: Bool) throws {
    var writer = try SafeTensorsWriter(
      path: path, declarations: Self.all.map(\.0),
      metadata: ["late": "....", SafeTensorsWriter.hashKey: ""], hashes: hashes, pastCacheFrom: pastCacheFrom)
    for (_, bytes) in Self.all { try writer.append(bytes) }
    try writer.replaceMetadata("late", with: "done")
    try writer.finish()
  }

  @Test(arguments: [true, false]) func haveTheSameBytes(hashes: Bool) throws {
    let folder = try TemporaryFolder()
    let (small, large) = (folder.path("small.safetensors"), folder.path("large.safetensors"))
    try write(small, pastCacheFrom: .max, hashes: hashes)
    try write(large, pastCacheFrom: 0, hashes: hashes)
    #expect(try contents(small) == contents(large))
    let file = try SafeTensorsFile(path: large)
    for (declaration, bytes) in Self.all { #expect(try file.read(#require(file[declaration.name])) == bytes) }
    #expect(file.header.metadata["late"] == "done")
  }

  @Test(arguments: [0, Int.max]) func copiesFromAnotherFile(pastCacheFrom: Int) throws {
    let folder = try TemporaryFolder()
    let (source, copy) = (folder.path("source.safetensors"), folder.path("copy.safetensors"))
    try write(source, pastCacheFrom: .max, hashes: false)
    let file = try SafeTensorsFile(path: source)
    var writer = try SafeTensorsWriter(
      path: copy, declarations: Self.all.map(\.0), metadata: ["late": "done"], hashes: false,
      pastCacheFrom: pastCacheFrom)
    for (declaration, _) in Self.all {
      try writer.append(copying: try #require(file[declaration.name]), from: file)
    }
    try writer.finish()
    #expect(try contents(source) == contents(copy))
  }

  @Test func unfinishedOnesLeaveNothing() throws {
    let folder = try TemporaryFolder()
    #expect(throws: SafeTensorsError.self) {
      var writer = try SafeTensorsWriter(
        path: folder.path("w.safetensors"), declarations: Self.all.map(\.0), metadata: [:], pastCacheFrom: 0)
      for (_, bytes) in Self.all.prefix(2) { try writer.append(bytes) }
      try writer.finish()
    }
    #expect(folder.names.isEmpty)
  }

  #if os(Linux)
  @Test func oneThatCannotFitIsRefusedAtOnce() throws {
    let folder = try TemporaryFolder()
    let error = #expect(throws: SafeTensorsError.self) {
      _ = try SafeTensorsWriter(
        path: folder.path("w.safetensors"),
        declarations: [TensorDeclaration(name: "w", dtype: .u8, shape: [1 << 50])], metadata: [:])
    }
    #expect(error?.rule == .cannotWrite)
    #expect(folder.names.isEmpty)
  }
  #endif
}
