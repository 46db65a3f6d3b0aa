import Foundation
import Testing

@testable import SafeTensors

/// Models in several files.
@Suite("Shards")
struct ShardIndexTests {
  private static let first = "model-00001-of-00002.safetensors"
  private static let second = "model-00002-of-00002.safetensors"

  /// Two files and their index; nil leaves a file out.
  private func model(
    _ folder: TemporaryFolder, map: [(String, String)]? = nil, leaves: String? = nil
  ) throws -> String {
    for (name, tensors) in [(Self.first, [("a", [1, 2] as [UInt8]), ("b", [3])]), (Self.second, [("c", [4, 5, 6])])]
    where name != leaves {
      try write(
        folder.path(name), tensors.map { (.init(name: $0, dtype: .u8, shape: [$1.count]), $1) },
        metadata: ["format": "pt"])
    }
    let map = map ?? [("a", Self.first), ("b", Self.first), ("c", Self.second)]
    let entries = map.map { "\"\($0)\": \"\($1)\"" }.joined(separator: ", ")
    return try folder.file(
      "model.safetensors.index.json", Array(#"{"metadata": {"total_size": 6}, "weight_map": {\#(entries)}}"#.utf8))
  }

  private func failure(_ path: String) throws -> SafeTensorsError {
    let error = try #require(throws: SafeTensorsError.self) { try SafeTensorsFile(path: path) }
    #expect(error.path == path)
    return error
  }

  @Test func areReadAsOne() throws {
    let folder = try TemporaryFolder()
    let path = try model(folder)
    let file = try SafeTensorsFile(path: path)
    #expect(file.header.tensors.map(\.name) == ["a", "b", "c"])
    #expect(file.header.metadata == ["format": "pt"])
    #expect(file.pieces == [folder.path(Self.first), folder.path(Self.second)])
    #expect(try file.size == contents(folder.path(Self.first)).count + contents(folder.path(Self.second)).count)
    for (name, bytes) in [("a", [1, 2]), ("b", [3]), ("c", [4, 5, 6])] as [(String, [UInt8])] {
      let tensor = try #require(file[name])
      #expect(try file.bytes(of: tensor) == bytes && file.read(tensor) == bytes)
    }
    // By sha256sum of the six bytes: the files' tensors one after another.
    #expect(try file.tensorHash() == "7192385c3c0605de55bb9476ce1d90748190ecb32a8eed7f5207b30cf6a1fe89")
    // Bytes across the files' border.
    let start = try contents(folder.path(Self.first)).count
    #expect(try file.read(fileRange: start - 1..<start + 1).first == 3)
    #expect(try ShardIndex(path: path).totalSize == 6)
  }

  @Test(arguments: [
    ("model.safetensors.index.json", true), ("a/diffusion_pytorch_model.safetensors.index.fp16.json", true),
    ("model.safetensors", false), ("config.json", false), ("a.safetensors.index.d/config.json", false),
  ])
  func names(path: String, isIndex: Bool) { #expect(ShardIndex.isIndex(path) == isIndex) }

  @Test func aFileIsMissing() throws {
    let folder = try TemporaryFolder()
    let error = try failure(try model(folder, leaves: Self.second))
    #expect(error.rule == .shards && error.detail.contains("names 2 files, and \(Self.second) is not beside it"))
    let both = try TemporaryFolder()
    let path = try model(both, leaves: Self.second)
    try FileManager.default.removeItem(atPath: both.path(Self.first))
    #expect(try failure(path).detail.contains("2 are not beside it"))
  }

  @Test func aTensorIsInNoFile() throws {
    let folder = try TemporaryFolder()
    let error = try failure(try model(folder, map: [("a", Self.first), ("x", Self.second)]))
    #expect(error.rule == .shards && error.tensor == "x" && error.detail.contains("none of the 2 files has it"))
  }

  @Test func aTensorIsInAnotherFile() throws {
    let folder = try TemporaryFolder()
    let error = try failure(
      try model(folder, map: [("a", Self.second), ("b", Self.first), ("c", Self.second)]))
    #expect(error.rule == .shards && error.tensor == "a")
    #expect(error.detail.contains("places it in \(Self.second), but it is in \(Self.first)"))
  }

  /// Where two files have a tensor, the index decides; without an index nothing does.
  @Test func aTensorIsInTwoFiles() throws {
    let folder = try TemporaryFolder()
    let path = try model(folder)
    try FileManager.default.removeItem(atPath: folder.path(Self.second))
    try write(
      folder.path(Self.second),
      [(.init(name: "a", dtype: .u8, shape: [1]), [9]), (.init(name: "c", dtype: .u8, shape: [1]), [4])])
    let file = try SafeTensorsFile(path: path)
    #expect(try file.bytes(of: #require(file["a"])) == [1, 2])
    let both = try [Self.first, Self.second].map { try SafeTensorsFile(path: folder.path($0)) }
    let error = try #require(throws: SafeTensorsError.self) {
      try SafeTensorsFile(path: "both", joining: both.map { ($0, "", { _ in true }) })
    }
    #expect(error.rule == .shards && error.tensor == "a")
  }

  @Test(arguments: [
    ("[]", "no weight_map"), ("{}", "no weight_map"), (#"{"weight_map": {}}"#, "empty"),
    (#"{"weight_map": {"a": 1}}"#, "a number"), (#"{"weight_map": {"a": "../x.safetensors"}}"#, "not the name of a"),
    (#"{"weight_map": {"a": "/etc/x.safetensors"}}"#, "not the name of a"),
    (#"{"weight_map": {"a": "x.bin"}}"#, "not the name of a"),
    (#"{"weight_map": {"a": "x.safetensors", "a": "x.safetensors"}}"#, "twice"), ("{", "not JSON"),
  ])
  func badIndices(json: String, said: String) throws {
    let folder = try TemporaryFolder()
    let error = try failure(try folder.file("m.safetensors.index.json", Array(json.utf8)))
    #expect(error.rule == .shards && error.detail.contains(said), "\(error)")
  }

  @Test func notThereOrNotText() throws {
    let folder = try TemporaryFolder()
    #expect(try failure(folder.path("m.safetensors.index.json")).rule == .cannotOpen)
    #expect(try failure(try folder.file("n.safetensors.index.json", [0xFF, 0xFE])).rule == .shards)
  }

  @Test func anIndexHasNoMetadataToEdit() throws {
    let folder = try TemporaryFolder()
    let path = try model(folder)
    #expect(throws: SafeTensorsError.self) { try MetadataEdit(path: path) }
  }
}
