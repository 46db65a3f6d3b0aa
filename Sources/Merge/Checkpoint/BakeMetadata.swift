import Adapters
import SafeTensors

/// What a baked file says of itself: all that the base model said, and what was baked in.
enum BakeMetadata {
  /// The key under which the whole bake is recorded as JSON.
  static let key = "troupe.bake"
  /// Entries that describe the base model's own bytes; they would be false of the result.
  private static let own: [String] = [SafeTensorsWriter.hashKey, "sshs_legacy_hash", "modelspec.hash_sha256"]

  /// The metadata of the written file.
  ///
  /// - Parameters:
  ///   - base: the base model's file.
  ///   - hashes: the sources' hashes; nil reserves their places.
  static func make(_ base: SafeTensorsFile, recipe: BakeRecipe, plan: BakePlan, hashes: [String]?) -> [String: String] {
    var result = base.header.metadata
    for key in own { result[key] = nil }
    result[key] = record(base, recipe: recipe, plan: plan, hashes: hashes)
    return result
  }

  /// The record of the bake; its length does not depend on the hashes.
  static func record(_ base: SafeTensorsFile, recipe: BakeRecipe, plan: BakePlan, hashes: [String]?) -> String {
    let unknown = String(repeating: "0", count: 64)
    let sources = recipe.sources.enumerated().map { index, source in
      JSONValue.object([
        "name": .string(source.adapter.name), "strength": .double(source.strength),
        "sha256_tensors": .string(hashes?[index] ?? unknown), "layers": .unsigned(UInt64(plan.layers[index])),
        "metadata": .object(source.adapter.file.header.metadata),
      ])
    }
    var declared: [String: String] = [:]
    // A model that was baked before keeps the record of it.
    for key in own + [key] { declared[key] = base.header.metadata[key] }
    let name = recipe.base.path.split(separator: "/").last.map(String.init) ?? recipe.base.path
    let record = JSONValue.object([
      "schema": .unsigned(1), "base": .object(["name": .string(name), "declared": .object(declared)]),
      "dtype": recipe.dtype.map { .string($0.rawValue) } ?? .null,
      "formula": .string("W + sum of strength * (alpha / rank) * up @ down; DoRA, OFT, IA3, GLoRA in the order given"),
      "sources": .array(sources), "skipped": .array(plan.skipped.map { .string($0) }),
    ])
    return record.text
  }
}
