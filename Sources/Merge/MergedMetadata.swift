import Adapters
import SafeTensors

/// What the merged file says of itself: everything its sources knew, and how it was made.
enum MergedMetadata {
  /// The key under which the whole merge is recorded as JSON.
  static let key = "troupe.merge"
  /// The keys whose values are known only when all layers are done.
  static let residualKey = "troupe.residual"
  static let discardedKey = "troupe.discarded_energy"
  /// Reserves the place of a number; ``number(_:)`` gives text of this length.
  static let reserved = number(nil)

  /// A number as text of a fixed length, so that it can be filled in at the end.
  static func number(_ value: Double?) -> String {
    let text = value.map { "\($0)" } ?? "not measured"
    return text.count < 24 ? text + String(repeating: " ", count: 24 - text.count) : String(text.prefix(24))
  }

  static func make(_ recipe: MergeRecipe, plan: MergePlan, output: String) -> [String: String] {
    let sources = recipe.sources
    let all = sources.map(\.adapter.file.header.metadata)
    var result = common(all)
    result["ss_tag_frequency"] = mergedFolders(all, key: "ss_tag_frequency")
    result["ss_dataset_dirs"] = mergedFolders(all, key: "ss_dataset_dirs")
    let name = Self.stem(output)
    let ranks = Set(plan.layers.map(\.rank))
    let alphas = Set(plan.layers.map(\.alpha))
    result["ss_network_module"] = "networks.lora"
    result["ss_network_dim"] = ranks.count == 1 ? "\(plan.layers[0].rank)" : "Dynamic"
    result["ss_network_alpha"] = alphas.count == 1 ? "\(plan.layers[0].alpha)" : "Dynamic"
    result["ss_output_name"] = name
    let parts = sources.map { source in "\(source.adapter.name) × \(plain(source.strength))" }
    result["ss_training_comment"] = "merged by Troupe (\(recipe.method.name)): \(parts.joined(separator: " + "))"
    result["modelspec.sai_model_spec"] = "1.0.1"
    result["modelspec.title"] = name
    result["modelspec.implementation"] =
      result["modelspec.implementation"] ?? "https://github.com/Stability-AI/generative-models"
    if let architecture = modelspecArchitecture(plan.architecture) { result["modelspec.architecture"] = architecture }
    result["modelspec.merged_from"] = sources.map(\.adapter.name).joined(separator: ", ")
    let triggers = all.compactMap { $0["modelspec.trigger_phrase"] }.filter { !$0.isEmpty }
    result["modelspec.trigger_phrase"] = triggers.isEmpty ? nil : triggers.joined(separator: ", ")
    if !plan.dialect.storesAlpha { result["format"] = "pt" }
    if plan.layers.contains(where: { $0.path.part == .transformer }) {
      result[Architecture.convertedKey] = plan.architecture.rawValue
    }
    result.merge(recipe.annotations) { $1 }
    // Hashes of this length take their places when they are known.
    let unknown = Array(repeating: String(repeating: "0", count: 64), count: sources.count)
    result[key] = record(recipe, plan: plan, hashes: unknown)
    result[discardedKey] = reserved
    result[residualKey] = reserved
    result[SafeTensorsWriter.hashKey] = ""
    return result
  }

  /// What all sources agree on, without what describes one file's own bytes, run or layout.
  private static func common(_ all: [[String: String]]) -> [String: String] {
    let own: Set<String> = [
      "sshs_legacy_hash", "ss_network_args", "lora_adapter_metadata", "modelspec.hash_sha256", "modelspec.thumbnail",
      key, residualKey, discardedKey,
    ]
    guard let first = all.first else { return [:] }
    return first.filter { entry in !own.contains(entry.key) && all.allSatisfy { $0[entry.key] == entry.value } }
  }

  /// Joins JSON objects keyed by dataset folder; a name met again gets a number, as sd-scripts does.
  private static func mergedFolders(_ all: [[String: String]], key: String) -> String? {
    var members: [JSONValue.Member] = []
    var names = Set<String>()
    for metadata in all {
      // A damaged entry of one source is still there as text in the record of the merge.
      guard let text = metadata[key], let folders = (try? JSONParser.parse(text))?.members else { continue }
      for folder in folders where !members.contains(folder) {
        var name = folder.name
        var number = 2
        while !names.insert(name).inserted {
          name = "\(folder.name) (\(number))"
          number += 1
        }
        members.append(.init(name: name, value: folder.value))
      }
    }
    return members.isEmpty ? nil : JSONValue.object(members).text
  }

  /// The record of the whole merge under ``key``; its length does not depend on the hashes.
  static func record(_ recipe: MergeRecipe, plan: MergePlan, hashes: [String]) -> String {
    var method: [JSONValue.Member] = [.init(name: "name", value: .string(recipe.method.name))]
    if case .svd(let rank, let convolution) = recipe.method {
      method.append(.init(name: "rank", value: .unsigned(UInt64(rank))))
      method.append(.init(name: "conv_rank", value: .unsigned(UInt64(convolution))))
    }
    if case .layered(let layered, let rank, let convolution) = recipe.method {
      if let rank { method.append(.init(name: "rank", value: .unsigned(UInt64(rank)))) }
      if let convolution { method.append(.init(name: "conv_rank", value: .unsigned(UInt64(convolution)))) }
      method += layered.parameters.map { .init(name: $0.name, value: $0.json) }
    }
    if recipe.needsCovariances, let file = recipe.covariances {
      method.append(.init(name: "covariances", value: .string(file.name)))
    }
    if recipe.lambda != 1 { method.append(.init(name: "lambda", value: .double(recipe.lambda))) }
    if recipe.normalises { method.append(.init(name: "normalise", value: .bool(true))) }
    let sources = zip(recipe.sources, hashes).map { source, hash in
      JSONValue.object([
        "name": .string(source.adapter.name), "strength": .double(source.strength),
        "layers": .string(source.weights.description), "sha256_tensors": .string(hash),
        "metadata": .object(source.adapter.file.header.metadata),
      ])
    }
    let record = JSONValue.object([
      "schema": .unsigned(1), "method": .object(method), "dtype": .string(plan.dtype.rawValue),
      "dialect": .string(plan.dialect.rawValue), "formula": .string("sum of strength * (alpha / rank) * up @ down"),
      "sources": .array(sources), "skipped": .array(plan.skipped.map { .string($0) }),
    ])
    guard let over = MergeReport.OverBase(plan), case .object(var members) = record else { return record.text }
    let name = over.base.split(separator: "/").last.map(String.init) ?? over.base
    members.append(
      .init(name: "base", value: .object(["name": .string(name), "layers": .unsigned(UInt64(over.layers))])))
    return JSONValue.object(members).text
  }

  static func modelspecArchitecture(_ architecture: Architecture) -> String? {
    switch architecture {
    case .sd1: "stable-diffusion-v1/lora"
    case .sd2: "stable-diffusion-v2-512/lora"
    case .sdxl: "stable-diffusion-xl-v1-base/lora"
    default: nil
    }
  }

  private static func plain(_ number: Double) -> String {
    number == number.rounded() && abs(number) < 1e6 ? "\(Int(number))" : "\(number)"
  }

  static func stem(_ path: String) -> String {
    let last = path.split(separator: "/").last.map(String.init) ?? path
    return last.hasSuffix(".safetensors") ? String(last.dropLast(".safetensors".count)) : last
  }
}

extension MethodParameter {
  fileprivate var json: JSONValue {
    switch value {
    case .number(let number): .double(number)
    case .integer(let number): number < 0 ? .double(Double(number)) : .unsigned(UInt64(number))
    case .text(let text): .string(text)
    case .flag(let flag): .bool(flag)
    }
  }
}
