import Adapters
import Foundation
import LinearAlgebra
import Merge
import SafeTensors
import Testing

/// Base models in several files.
@Suite struct BakeShardTests {
  private typealias F = CheckpointFixtures
  private static let names = ["m-00001-of-00002.safetensors", "m-00002-of-00002.safetensors"]

  /// The small SD 1.x checkpoint in two files with their index.
  private func model(_ folder: String) throws {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let all = F.sd1()
    let parts = [Array(all[..<4]), Array(all[4...])]
    var map: [String: String] = [:]
    for (name, tensors) in zip(Self.names, parts) {
      try F.write("\(folder)/\(name)", tensors)
      for tensor in tensors { map[tensor.name] = name }
    }
    let size = all.reduce(0) { $0 + $1.values.count * $1.dtype.bitWidth / 8 }
    let index = try JSONSerialization.data(
      withJSONObject: ["metadata": ["total_size": size], "weight_map": map], options: [.sortedKeys])
    try index.write(to: URL(filePath: "\(folder)/m.safetensors.index.json"))
  }

  private func lora(_ path: String) throws {
    try F.write(
      path,
      F.lora(F.queryStem, up: MergeFixtures.matrix(6, 2, seed: 31), down: MergeFixtures.matrix(2, 6, seed: 32))
        + F.lora(F.textStem, up: MergeFixtures.matrix(8, 2, seed: 33), down: MergeFixtures.matrix(2, 4, seed: 34)))
  }

  /// The same as one file: from its index into one file, from its folder into as many.
  @Test func theResultIsThatOfOneFile() async throws {
    try await MergeFixtures.scratch { folder in
      let base = "\(folder)/base"
      try model(base)
      try F.write("\(folder)/one.safetensors", F.sd1())
      try lora("\(folder)/a.safetensors")
      let sources = [("\(folder)/a.safetensors", 0.7)]
      try await F.bake("\(folder)/one.safetensors", sources, to: "\(folder)/expected.safetensors")
      let expected = try F.values("\(folder)/expected.safetensors")
      try await F.bake("\(base)/m.safetensors.index.json", sources, to: "\(folder)/joined.safetensors")
      #expect(try F.values("\(folder)/joined.safetensors") == expected)
      let report = try await F.bake(base, sources, to: "\(folder)/out")
      #expect(report.changedTensors == 2)
      let found = try F.values("\(folder)/out/m.safetensors.index.json")
      #expect(found == expected)
      #expect(
        try FileManager.default.contentsOfDirectory(atPath: "\(folder)/out").sorted()
          == Self.names + ["m.safetensors.index.json"])
      #expect(
        FileManager.default.contentsEqual(
          atPath: "\(base)/m.safetensors.index.json", andPath: "\(folder)/out/m.safetensors.index.json"))
    }
  }

  /// Another format changes the size that the index states.
  @Test func theIndexTellsTheNewSize() async throws {
    try await MergeFixtures.scratch { folder in
      let base = "\(folder)/base"
      try model(base)
      try lora("\(folder)/a.safetensors")
      try await F.bake(base, [("\(folder)/a.safetensors", 1)], to: "\(folder)/out", dtype: .f32)
      let index = try #require(
        try JSONSerialization.jsonObject(
          with: Data(contentsOf: URL(filePath: "\(folder)/out/m.safetensors.index.json"))) as? [String: Any])
      let stated = (index["metadata"] as? [String: Any])?["total_size"] as? Int
      let size = try Self.names.reduce(0) { sum, name in
        let file = try SafeTensorsFile(path: "\(folder)/out/\(name)")
        return sum + file.size - file.header.dataStart
      }
      #expect(stated == size)
      #expect((index["weight_map"] as? [String: String])?.count == F.sd1().count)
    }
  }

  @Test func extractsFromModelsCutDifferently() async throws {
    try await MergeFixtures.scratch { folder in
      try model("\(folder)/base")
      try F.write("\(folder)/one.safetensors", F.sd1(dtype: .f32))
      try lora("\(folder)/a.safetensors")
      try await F.bake("\(folder)/one.safetensors", [("\(folder)/a.safetensors", 1)], to: "\(folder)/tuned.safetensors")
      let recipe = ExtractRecipe(
        base: try Checkpoint(path: "\(folder)/base/m.safetensors.index.json"),
        tuned: try Checkpoint(path: "\(folder)/tuned.safetensors"), rank: 2)
      let report = try await ExtractEngine.run(recipe, to: "\(folder)/x.safetensors")
      #expect(report.modules >= 2)
    }
  }
}
