import Adapters
import Foundation
import LinearAlgebra
import Merge
import SafeTensors
import Testing

/// What a merge writes, keeps and refuses.
@Suite struct MergeEngineTests {
  private let one = MergeFixtures.path("one_kohya")
  private let two = MergeFixtures.path("two_kohya")

  @Test func sameInputSameBytes() async throws {
    try await MergeFixtures.scratch { folder in
      var files: [Data] = []
      for workers in [1, 4] {
        let recipe = MergeRecipe(
          sources: try MergeFixtures.sources([(one, 0.8), (two, -0.7)]), method: .svd(rank: 3, convolutionRank: 3))
        _ = try await MergeEngine.run(recipe, to: "\(folder)/x.safetensors", existing: .replace, workers: workers)
        files.append(try Data(contentsOf: URL(fileURLWithPath: "\(folder)/x.safetensors")))
      }
      #expect(files[0] == files[1])
    }
  }

  @Test func storedHashAndMetadataAreTrue() async throws {
    try await MergeFixtures.scratch { folder in
      let tagged = "\(folder)/tagged.safetensors"
      let other = "\(folder)/other.safetensors"
      for (path, seed, folderName) in [(tagged, UInt64(1), "10_konrad"), (other, 2, "10_konrad")] {
        try MergeFixtures.write(
          path,
          layers: [
            (
              MergeFixtures.stem, MergeFixtures.matrix(12, 2, seed: seed), MergeFixtures.matrix(2, 16, seed: seed + 7),
              1
            )
          ],
          metadata: [
            "ss_base_model_version": "sd_v1", "ss_seed": "\(seed)",
            "ss_tag_frequency": "{\"\(folderName)\":{\"cape\":\(seed)}}",
            "ss_dataset_dirs": "{\"\(folderName)\":{\"n_repeats\":10,\"img_count\":\(seed)}}",
            "modelspec.trigger_phrase": "trigger\(seed)",
          ])
      }
      let output = "\(folder)/pair.safetensors"
      let report = try await MergeEngine.run(
        MergeRecipe(sources: try MergeFixtures.sources([(tagged, 0.5), (other, 2)]), method: .concat, verifies: true),
        to: output)
      let file = try SafeTensorsFile(path: output)
      let metadata = file.header.metadata
      let hashes = try await file.hashes()
      #expect(metadata["sshs_model_hash"] == hashes.tensors)
      #expect(report.hash == hashes.tensors)
      #expect(metadata["ss_base_model_version"] == "sd_v1")
      #expect(metadata["ss_seed"] == nil, "what the sources disagree on is not claimed for the result")
      #expect(metadata["ss_tag_frequency"]?.contains("\"10_konrad (2)\":{\"cape\":2}") == true)
      #expect(metadata["modelspec.trigger_phrase"] == "trigger1, trigger2")
      #expect(metadata["modelspec.merged_from"] == "tagged, other")
      let record = try #require(metadata["troupe.merge"])
      let json = try #require(try JSONSerialization.jsonObject(with: Data(record.utf8)) as? [String: Any])
      let sources = try #require(json["sources"] as? [[String: Any]])
      #expect(sources.map { $0["strength"] as? Double } == [0.5, 2])
      let kept = try #require(sources[1]["metadata"] as? [String: String])
      #expect(kept["ss_seed"] == "2", "everything a source knew is kept in the record")
      let source = try SafeTensorsFile(path: tagged)
      #expect(try sources[0]["sha256_tensors"] as? String == source.tensorHash())
      let residual = try #require(
        metadata["troupe.residual"].flatMap { Double($0.trimmingCharacters(in: .whitespaces)) })
      #expect(residual == report.residual)
    }
  }

  /// The strongest source's numbers survive bit for bit, in F16 too.
  @Test func strongestSourceIsCopiedUnchanged() async throws {
    try await MergeFixtures.scratch { folder in
      let (a, b) = ("\(folder)/a.safetensors", "\(folder)/b.safetensors")
      let up = MergeFixtures.matrix(20, 4, seed: 3)
      try MergeFixtures.write(
        a, layers: [(MergeFixtures.stem, up, MergeFixtures.matrix(4, 24, seed: 4), 2)], dtype: .f16)
      try MergeFixtures.write(
        b,
        layers: [(MergeFixtures.stem, MergeFixtures.matrix(20, 8, seed: 5), MergeFixtures.matrix(8, 24, seed: 6), 2)],
        dtype: .f16)
      _ = try await MergeEngine.run(
        MergeRecipe(sources: try MergeFixtures.sources([(a, 1), (b, 0.9)]), method: .concat),
        to: "\(folder)/out.safetensors")
      let out = try SafeTensorsFile(path: "\(folder)/out.safetensors")
      let merged = try #require(out["\(MergeFixtures.stem).lora_up.weight"])
      #expect(merged.dtype == .f16)
      #expect(merged.shape == [20, 12])
      let stored = try out.floats(of: merged)
      let original = try SafeTensorsFile(path: a)
      let first = try original.floats(of: try #require(original["\(MergeFixtures.stem).lora_up.weight"]))
      for i in 0..<20 {
        for k in 0..<4 { #expect(stored[i * 12 + k] == first[i * 4 + k]) }
      }
      let alpha = try out.doubles(of: try #require(out["\(MergeFixtures.stem).alpha"]))
      // 12 · max(1 · 2/4, 0.9 · 2/8)
      #expect(alpha == [6])
    }
  }

  @Test(arguments: OutputDialect.allCases) func everyDialectHoldsTheSameSum(dialect: OutputDialect) async throws {
    try await MergeFixtures.scratch { folder in
      let output = "\(folder)/out.safetensors"
      let recipe = MergeRecipe(
        sources: try MergeFixtures.sources([(one, 0.8), (two, 0.7)]), method: .concat, dtype: .f32, dialect: dialect,
        verifies: true)
      let report = try await MergeEngine.run(recipe, to: output)
      // F32 rounding only.
      #expect(try #require(report.residual) < 5e-7)
      let again = try Adapter(path: output)
      #expect(again.unmatched.isEmpty)
      #expect(
        OutputDialect(again.dialects[0]) == ([.kohya, .oneTrainer].contains(dialect) ? .kohyaDiffusers : dialect))
      let truth = try SafeTensorsFile(path: MergeFixtures.path("merge_expected"))
      for module in again.modules {
        let tensor = try #require(truth["\(module.path.name).sum"])
        let expected = Matrix(rows: tensor.shape[0], columns: tensor.shape[1], elements: try truth.doubles(of: tensor))
        #expect(MergeFixtures.relative(try again.factors(of: module).dense, expected) < 5e-7)
      }
    }
  }

  @Test func convolutionsKeepTheirKernelAndMixWithOtherVariants() async throws {
    try await MergeFixtures.scratch { folder in
      let factors = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fixtures/factors.safetensors").path
      let output = "\(folder)/out.safetensors"
      let recipe = MergeRecipe(
        sources: try MergeFixtures.sources([(factors, 0.5), (factors, 0.25)]), method: .concat, dtype: .f32,
        verifies: true)
      let report = try await MergeEngine.run(recipe, to: output)
      #expect(try #require(report.residual) < 1e-6)
      let source = try Adapter(path: factors)
      let merged = try Adapter(path: output)
      #expect(merged.modules.count == source.modules.count)
      let before = Dictionary(uniqueKeysWithValues: source.modules.map { ($0.path, $0) })
      for module in merged.modules {
        let original = try #require(before[module.path])
        if module.path.kernelWidth == 3 { #expect(module.kernel == [3, 3], "\(module.path)") }
        let expected = try source.factors(of: original).dense.scaled(by: 0.75)
        // F32 factors, and for LoHa and LoKr products of them.
        #expect(MergeFixtures.relative(try merged.factors(of: module).dense, expected) < 2e-6, "\(module.path)")
      }
    }
  }

  @Test func strengthZeroAndMissingLayers() async throws {
    try await MergeFixtures.scratch { folder in
      let output = "\(folder)/out.safetensors"
      _ = try await MergeEngine.run(
        MergeRecipe(sources: try MergeFixtures.sources([(one, 1), (two, 0)]), method: .concat), to: output)
      let (merged, original) = (try MergeFixtures.dense(output), try MergeFixtures.dense(one))
      for (name, dense) in merged {
        if let expected = original[name] {
          #expect(MergeFixtures.relative(dense, expected) < 2e-7)
        } else {
          #expect(dense.squaredNorm == 0, "a layer of the silent file only")
        }
      }
    }
  }
}
