import Adapters
import SafeTensors

/// What the resized file says of itself: everything the original knew, and how it was made.
enum ResizedMetadata {
  /// The key under which the change is recorded as JSON.
  static let key = "troupe.resize"
  /// The keys of the numbers that are known only when all layers are done.
  static let residualKey = "troupe.residual"
  static let discardedKey = "troupe.discarded_energy"
  /// Stands for the hash of the original until it is known.
  static let unknownHash = String(repeating: "0", count: 64)
  /// What describes the original's own bytes, or a layout that the result no longer has.
  private static let stale = [
    "sshs_legacy_hash", "modelspec.hash_sha256", "lora_adapter_metadata", "ss_network_args",
  ]

  static func make(_ recipe: ResizeRecipe, plan: ResizePlan, ranks: [Int], output: String) -> [String: String] {
    var result = recipe.adapter.file.header.metadata
    for key in stale { result[key] = nil }
    let common = Set(ranks).count == 1 ? ranks.first : nil
    result["ss_network_module"] = "networks.lora"
    result["ss_network_dim"] = common.map { "\($0)" } ?? "Dynamic"
    // The alpha of every layer is its rank.
    result["ss_network_alpha"] = common.map { "\(Double($0))" } ?? "Dynamic"
    let before = recipe.adapter.file.header.metadata
    let dimension = before["ss_network_dim"].map { " from dim \($0)" } ?? ""
    result["ss_training_comment"] =
      MetadataComment.prefixed("resized by Troupe\(dimension) (\(recipe.summary))", before: before)
    if !plan.dialect.storesAlpha { result["format"] = "pt" }
    result[key] = record(recipe, plan: plan, hash: unknownHash)
    result[discardedKey] = MergedMetadata.reserved
    result[residualKey] = MergedMetadata.reserved
    result[SafeTensorsWriter.hashKey] = ""
    return result
  }

  /// The record under ``key``; its length does not depend on the hash.
  ///
  /// What the result's own metadata no longer say is kept here.
  static func record(_ recipe: ResizeRecipe, plan: ResizePlan, hash: String) -> String {
    let before = recipe.adapter.file.header.metadata
    let replaced = stale + ["ss_network_module", "ss_network_dim", "ss_network_alpha", SafeTensorsWriter.hashKey]
    return JSONValue.object([
      "schema": .unsigned(1), "asked": .string(recipe.summary), "dtype": .string(plan.dtype.rawValue),
      "alpha": .string("the rank; the scale is in the factors"),
      "source": .object([
        "name": .string(recipe.adapter.name), "sha256_tensors": .string(hash),
        "metadata": .object(before.filter { replaced.contains($0.key) }),
      ]),
      "skipped": .array(plan.skipped.map { .string($0) }),
    ]).text
  }
}

/// The training comment, which tells what was done to a file, last step first.
enum MetadataComment {
  /// A step before what the comment said so far.
  static func prefixed(_ step: String, before metadata: [String: String]) -> String {
    guard let old = metadata["ss_training_comment"], !old.isEmpty, old != "None" else { return step }
    return "\(step); \(old)"
  }
}
