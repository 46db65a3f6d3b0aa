import Foundation
import SafeTensors
import Testing

@testable import Adapters

private typealias F = InspectionFixtures

/// Every warning once, and beside it a file that just escapes it.
@Suite("Inspection warnings")
struct InspectionWarningTests {
  private func with(_ changes: [String: String?]) -> [String: String] {
    F.metadata.merging(changes.mapValues { $0 ?? "None" }) { $1 }
  }

  @Test func soundFile() async throws { #expect(try await F.warnings(F.lora()).isEmpty) }

  @Test func zeroModules() async throws {
    let some = try await F.inspect(F.layer("to_q", up: 0) + F.layer("to_k"))
    #expect(some.warnings.map(\.id) == ["zero-modules"])
    #expect(some.warnings[0].text.contains("1 layer of 2") && some.warnings[0].text.contains("not trained"))
    let all = try await F.inspect(F.layer("to_k", up: 0))
    #expect(all.warnings.first?.text.contains("does nothing") == true)
    #expect(try await F.warnings(F.layer("to_k", up: 1e-6)).contains("zero-modules") == false)
  }

  @Test func nonFinite() async throws {
    var tensors = F.lora()
    tensors[1].values[5] = .nan
    tensors[1].values[6] = .infinity
    let found = try await F.inspect(tensors)
    let warning = try #require(found.warnings.first { $0.id == "non-finite-values" })
    #expect(
      warning.text.contains("2 values in 1 tensor") && warning.text.contains(tensors[1].name.prefix(79)))
    #expect(found.strength?.norm?.isFinite == true)
    tensors[1].values[5] = .greatestFiniteMagnitude
    tensors[1].values[6] = 0
    #expect(try await !F.warnings(tensors).contains("non-finite-values"))
  }

  @Test func alpha() async throws {
    let none = with(["ss_network_alpha": nil, "ss_network_dim": nil])
    #expect(try await F.warnings(F.lora(alpha: 9), metadata: none) == ["alpha-above-rank"])
    #expect(try await F.warnings(F.lora(alpha: 8), metadata: none).isEmpty)
    #expect(try await F.warnings(F.lora(alpha: nil), metadata: none) == ["alpha-assumed"])
    let unequal = F.layer("to_k", alpha: 2) + F.layer("to_q", alpha: 4)
    #expect(try await F.warnings(unequal, metadata: none) == ["alpha-mixed"])
    // Ranks and alphas that keep one scale are a rank per block, and no mistake.
    let perBlock = F.layer("to_k", rank: 2, alpha: 1) + F.layer("to_q", rank: 4, alpha: 2)
    #expect(try await F.warnings(perBlock, metadata: none).isEmpty)
    #expect(try await F.warnings(F.lora(rank: 16, alpha: 1), metadata: none) == ["alpha-one-large-rank"])
    #expect(try await F.warnings(F.lora(rank: 8, alpha: 1), metadata: none).isEmpty)
    // kohya's default alpha is 1, and then the metadata say so.
    let stated = with(["ss_network_alpha": "1.0", "ss_network_dim": "16"])
    #expect(try await F.warnings(F.lora(rank: 16, alpha: 1), metadata: stated).isEmpty)
  }

  @Test func metadataAgainstRanks() async throws {
    #expect(try await F.warnings(F.lora(rank: 8), metadata: F.metadata) == ["metadata-rank-mismatch"])
    #expect(
      try await F.warnings(F.lora(), metadata: with(["ss_network_alpha": "2"])) == ["metadata-alpha-mismatch"]
    )
    let mixed = F.layer("to_k", rank: 4, alpha: 4) + F.layer("to_q", rank: 8, alpha: 8)
    #expect(try await F.warnings(mixed) == ["mixed-ranks"])
    #expect(try await F.warnings(mixed, metadata: with(["ss_network_dim": "Dynamic"])).isEmpty)
  }

  @Test func metadataAgainstConvolutions() async throws {
    let stem = "lora_unet_down_blocks_1_resnets_0_conv1"
    let convolution = [
      F.Tensor("\(stem).lora_down.weight", [2, 32, 3, 3], seed: 7),
      F.Tensor("\(stem).lora_up.weight", [64, 2, 1, 1], seed: 8),
      F.Tensor("\(stem).alpha", [], [2]),
    ]
    let stated = with(["ss_network_args": #"{"conv_dim": "8", "conv_alpha": "2"}"#])
    let found = try await F.inspect(F.lora() + convolution, metadata: stated)
    let warning = try #require(found.warnings.first { $0.id == "metadata-rank-mismatch" })
    #expect(warning.text.contains("rank 8 for convolutions") && warning.text.contains("rank 2"))
    let right = with(["ss_network_args": #"{"conv_dim": "2", "conv_alpha": "2"}"#])
    #expect(try await F.warnings(F.lora() + convolution, metadata: right).isEmpty)
  }

  @Test func metadataAgainstLayersOfOtherModels() async throws {
    let stem = "lora_unet_nobody_knows_this_layer"
    func file(_ rank: Int) -> [F.Tensor] {
      [
        F.Tensor("\(stem).lora_down.weight", [rank, 8], seed: 1),
        F.Tensor("\(stem).lora_up.weight", [8, rank], seed: 2),
      ]
    }
    for (rank, isOdd) in [(20, true), (4, false), (12, false), (16, false)] {
      let ids = try await F.warnings(file(rank), metadata: with(["ss_base_model_version": "flux1"]))
      #expect(ids.contains("metadata-rank-mismatch") == isOdd, "rank \(rank)")
    }
  }

  @Test(
    arguments: [
      (["ss_sd_model_name": "sd_xl_base_1.0.safetensors"], true),
      (["ss_sd_model_name": "ponyDiffusionV6XL.safetensors"], true), (["ss_v2": "True"], true),
      (["ss_new_sd_model_hash": "31e35c80fc4829d14f90153f4c74cd59c90b779f6afe05a74cd6120b893f7e5b"], true),
      (["ss_sd_model_name": "v1-5-pruned-emaonly.safetensors"], false), (["ss_v2": "False"], false),
      // A fine-tune's name tells less than its layers, and a few letters may be anybody's.
      (["ss_sd_model_name": "ponyRealism_v21.safetensors"], false), (["ss_sd_model_name": "flux.safetensors"], false),
    ] as [([String: String], Bool)])
  func statedBaseAgainstLayers(changes: [String: String], isOdd: Bool) async throws {
    let metadata = F.metadata.filter { $0.key != "ss_base_model_version" }.merging(changes) { $1 }
    let ids = try await F.warnings(F.lora(), metadata: metadata)
    #expect(ids.contains("base-version-mismatch") == isOdd)
  }

  @Test func needsBase() async throws {
    let magnitude = F.Tensor("\(F.attention)to_k.dora_scale", [32, 1], filled: 1)
    let found = try await F.inspect(F.layer() + [magnitude])
    #expect(found.variant == .dora && found.parts[0].norm == nil)
    #expect(found.warnings.map(\.id) == ["needs-base"])
  }

  @Test func prefixesThatStandTwice() async throws {
    let doubled = F.lora().map { tensor in
      F.Tensor(tensor.name.replacingOccurrences(of: "lora_unet_", with: "lora_unet_unet_"), tensor.shape, tensor.values)
    }
    #expect(try await F.warnings(doubled) == ["doubled-prefix"])
    #expect(try await F.warnings(F.lora()).isEmpty)
  }

  @Test func keysAndFamilies() async throws {
    let stray = F.Tensor("lora_unet_nowhere.lora_up.weight", [8, 4], filled: 1)
    let found = try await F.inspect(F.lora() + [stray])
    #expect(found.warnings.map(\.id) == ["unmatched-keys"])
    #expect(found.unmatchedKeys == [stray.name])
    let none = [stray, F.Tensor("lora_unet_nowhere.lora_down.weight", [4, 8], filled: 1)]
    let unknown = try await F.inspect(none, metadata: [:])
    #expect(Set(unknown.warnings.map(\.id)).isSuperset(of: ["unknown-architecture", "unmatched-keys"]))
    #expect(unknown.modules == 0 && unknown.rank.max == 4 && unknown.kind == .lora)
  }

  @Test func contradictions() async throws {
    let version = with(["ss_base_model_version": "sdxl_base_v1-0"])
    #expect(try await F.warnings(F.lora(), metadata: version) == ["base-version-mismatch"])
    let module = with(["ss_network_module": "lycoris.kohya", "ss_network_args": #"{"algo": "loha"}"#])
    #expect(try await F.warnings(F.lora(), metadata: module) == ["network-module-mismatch"])
    let dora = with([
      "ss_network_module": "lycoris.kohya", "ss_network_args": #"{"algo": "lora", "dora_wd": "True"}"#,
    ])
    #expect(try await F.warnings(F.lora(), metadata: dora) == ["network-module-mismatch"])
  }

  @Test func hashes() async throws {
    #expect(try await F.warnings(F.lora(), metadata: [:]) == ["no-stored-hash"])
    let nothing = FileHashes.ofNothing
    try await F.withFile(F.lora()) { path in
      let sound = try await Inspection.make(path: path)
      #expect(
        sound.hashes.storedOk == true && sound.hashes.autov2?.count == 10 && sound.hashes.autov3?.count == 12)
      let stored = try #require(sound.hashes.stored)
      var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
      bytes[bytes.count - 3] ^= 1
      try bytes.write(to: URL(fileURLWithPath: path))
      let damaged = try await Inspection.make(path: path)
      #expect(damaged.hashes.storedOk == false && damaged.warnings.map(\.id) == ["stored-hash-wrong"])
      // Without reading the weights nothing is claimed.
      let header = try await Inspection.make(path: path, options: .headerOnly)
      #expect(header.hashes.storedOk == nil && header.hashes.autov3 == nil && header.warnings.isEmpty)
      let place = try #require(bytes.range(of: Data(stored.utf8)))
      bytes.replaceSubrange(place, with: Data(nothing.utf8))
      try bytes.write(to: URL(fileURLWithPath: path))
      let empty = try await Inspection.make(path: path)
      #expect(empty.hashes.storedOk == false && empty.warnings.map(\.id) == ["hash-of-nothing"])
    }
  }

  @Test func duplicateNames() async throws {
    try await F.withFile(F.lora()) { path in
      // The same entry once more before the closing brace, where the padding leaves too little room.
      let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
      let length = Int(bytes[0]) | Int(bytes[1]) << 8 | Int(bytes[2]) << 16
      var header = String(decoding: bytes[8..<8 + length], as: UTF8.self)
      let start = try #require(header.range(of: "\"\(F.attention)to_k.alpha\""))
      let end = try #require(header.range(of: "}", range: start.lowerBound..<header.endIndex))
      let entry = header[start.lowerBound..<end.upperBound]
      header = header.trimmingCharacters(in: .whitespaces).dropLast() + "," + entry + "}"
      let size = (0..<8).map { UInt8(truncatingIfNeeded: header.utf8.count >> (8 * $0)) }
      try (Data(size) + Data(header.utf8) + bytes[(8 + length)...]).write(to: URL(fileURLWithPath: path))
      #expect(try await Inspection.make(path: path).warnings.map(\.id) == ["duplicate-names"])
    }
  }

  @Test func fusedAttention() async throws {
    let stem = "lora_unet_double_blocks_0_img_attn_qkv"
    func tensors(stray: Float) -> [F.Tensor] {
      var up = F.Tensor("\(stem).lora_up.weight", [12, 6], filled: 0)
      for row in 0..<12 { for column in 0..<2 { up.values[row * 6 + row / 4 * 2 + column] = 1 } }
      up.values[5] = stray
      return [up, F.Tensor("\(stem).lora_down.weight", [6, 8], seed: 3), F.Tensor("\(stem).alpha", [], [6])]
    }
    let fused = try await F.inspect(tensors(stray: 0), metadata: [:])
    #expect(fused.architecture == .flux1 && fused.rank.max == 6 && fused.alpha.source == "tensor")
    #expect(fused.warnings.contains { $0.id == "fused-qkv-block-diagonal" })
    #expect(try await !F.warnings(tensors(stray: 0.1), metadata: [:]).contains("fused-qkv-block-diagonal"))
  }

  @Test func spectra() async throws {
    let strong = F.lora().map { tensor in
      tensor.name.contains("to_q.lora_up") ? F.Tensor(tensor.name, tensor.shape, seed: 9, size: 2) : tensor
    }
    #expect(try await F.warnings(strong) == ["dominant-module"])
    // Only the first of 32 directions is used.
    let flat = F.layer("to_k", rank: 32, alpha: 32).map { tensor in
      guard tensor.name.hasSuffix("lora_up.weight") else { return tensor }
      let values = (0..<tensor.values.count).map { $0 % 32 == 0 ? Float(1) : 0 }
      return F.Tensor(tensor.name, tensor.shape, values)
    }
    let stated = with(["ss_network_dim": "32", "ss_network_alpha": "32"])
    let found = try await F.inspect(flat, metadata: stated)
    #expect(found.warnings.map(\.id) == ["rank-underused"])
    #expect(abs((found.strength?.effectiveRank ?? 0) - 1) < 1e-6)
    #expect(try await F.warnings(F.layer("to_k", rank: 32, alpha: 32), metadata: stated).isEmpty)
  }

  @Test func configuration() async throws {
    let found = try await F.warnings(F.lora(), metadata: with(["lora_adapter_metadata": "{broken"]))
    #expect(found == ["adapter-configuration", "unreadable-metadata"])
  }

  @Test func recordFindingsAreIncluded() async throws {
    let found = try await F.warnings(
      F.lora(), metadata: with(["ss_steps": "10", "ss_max_train_steps": "20"]))
    #expect(found == ["truncated-training"])
    #expect(Set(InspectionWarning.allIDs).count == InspectionWarning.allIDs.count)
    #expect(InspectionWarning.allIDs.contains("truncated-training"))
  }
}
