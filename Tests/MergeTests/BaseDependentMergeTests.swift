import Adapters
import Foundation
import LinearAlgebra
import Merge
import SafeTensors
import Testing

/// Baking and merging layers whose change depends on the base model, against `make_variants_fixture.py`.
@Suite struct BaseDependentMergeTests {
  private typealias F = CheckpointFixtures
  private static let folder = MergeFixtures.folder.deletingLastPathComponent().appending(path: "variants").path
  private static let base = "\(folder)/base.safetensors"
  /// F32 weights of up to 1, rounded once (2^-25), and changes whose greatest element is 0.03 or more.
  private static let tolerance = 2e-6

  private static func path(_ file: String) -> String {
    file.hasPrefix("peft_") ? "\(folder)/\(file)/adapter_model.safetensors" : "\(folder)/\(file).safetensors"
  }

  private static func expected(_ file: String, _ strength: Double) throws -> [String: [Double]] {
    let mark = strength == 1 ? "" : "@0.5"
    let all = try F.values("\(folder)/expected.safetensors")
    return Dictionary(
      uniqueKeysWithValues: all.compactMap { name, values in
        guard name.hasPrefix("\(file)/"), name.hasSuffix("@0.5") == (strength != 1) else { return nil }
        return (String(name.dropFirst(file.count + 1).dropLast(mark.count)), values)
      })
  }

  @Test(arguments: [
    ("lycoris", 1.0), ("lycoris", 0.5), ("sd_scripts", 1), ("sd_scripts", 0.5), ("onetrainer", 1), ("onetrainer", 0.5),
    ("peft_oft", 1),
    ("peft_early", 1), ("peft_cayley", 1), ("peft_boft", 1), ("peft_butterfly", 1), ("peft_butterfly", 0.5),
    ("peft_ia3", 1), ("peft_dora", 1),
  ])
  func bake(file: String, strength: Double) async throws {
    try await MergeFixtures.scratch { scratch in
      let out = "\(scratch)/out.safetensors"
      let report = try await F.bake(Self.base, [(Self.path(file), strength)], to: out)
      // The exact result is computed in double from the same F32 numbers.
      #expect(try #require(report.residual) < 1e-7 && report.skipped.isEmpty)
      #expect(
        report.sources[0].rewrites == (try Adapter(path: Self.path(file)).modules.contains { $0.variant.needsBase }))
      let (before, after) = (try F.values(Self.base), try F.values(out))
      let checkpoint = try Checkpoint(path: Self.base)
      let adapter = try Adapter(path: Self.path(file))
      let expected = try Self.expected(file, strength)
      #expect(!expected.isEmpty)
      var changed: Set<String> = []
      for (stem, delta) in expected {
        let isBias = stem.hasSuffix(".bias")
        let module = try #require(adapter.modules.first { $0.stem == (isBias ? String(stem.dropLast(5)) : stem) })
        let places = isBias ? checkpoint.biasPlaces(of: module.path) : checkpoint.places(of: module.path)
        let name = try #require(places.first).tensor.name
        changed.insert(name)
        let own = zip(after[name] ?? [], before[name] ?? []).map { $0 - $1 }
        #expect(F.difference(own, delta) < Self.tolerance, "\(stem)")
      }
      for (name, values) in before where !changed.contains(name) && !name.contains(".norm.") {
        #expect(after[name] == values, "\(name) changed")
      }
    }
  }

  @Test func bakingInHalfPrecisionIsVerified() async throws {
    try await MergeFixtures.scratch { scratch in
      let report = try await F.bake(
        Self.base, [(Self.path("lycoris"), 0.7), (Self.path("onetrainer"), 0.4)], to: "\(scratch)/out.safetensors",
        dtype: .f16)
      // Rounding to F16 (2^-11), and nothing else.
      #expect(try #require(report.residual) < 0x1p-11)
    }
  }

  /// PEFT's bias of `lora_B` goes through the layer's scale.
  @Test func biasBesideTheFactors() async throws {
    try await MergeFixtures.scratch { folder in
      let (base, lora, out) = ("\(folder)/b.safetensors", "\(folder)/a.safetensors", "\(folder)/out.safetensors")
      try F.write(base, F.sd1(dtype: .f32) + [TestTensor("\(F.block).attn1.to_q.bias", [6], seed: 21, dtype: .f32)])
      let (up, down) = (MergeFixtures.matrix(6, 2, seed: 1), MergeFixtures.matrix(2, 6, seed: 2))
      try F.write(
        lora,
        F.lora(F.queryStem, up: up, down: down, alpha: 1) + [
          TestTensor("\(F.queryStem).lora_B.bias", [6], values: [1, 2, 3, 4, 5, 6])
        ])
      try await F.bake(base, [(lora, 0.5)], to: out)
      let (before, after) = (try F.values(base), try F.values(out))
      let name = "\(F.block).attn1.to_q.bias"
      let expected = (before[name] ?? []).enumerated().map { $1 + 0.5 * 0.5 * Double($0 + 1) }
      #expect(F.difference(after[name], expected) < 1e-6)
    }
  }

  // MARK: - Merging over a base model

  private func sources(_ files: [(String, Double)]) throws -> [MergeSource] {
    let base = try Checkpoint(path: Self.base)
    return try files.map {
      MergeSource(adapter: try Adapter(path: Self.path($0.0)).bound(to: base, strength: $0.1), strength: $0.1)
    }
  }

  @Test func theSumOverABaseModelIsExact() async throws {
    try await MergeFixtures.scratch { folder in
      let out = "\(folder)/out.safetensors"
      let files = [("lycoris", 0.5), ("onetrainer", 1.0)]
      let report = try await MergeEngine.run(
        MergeRecipe(
          sources: try sources(files), method: .concat, dtype: .f32, dialect: .kohya, skipsUnsupported: true,
          overflow: .refuse, verifies: true), to: out)
      #expect(try #require(report.residual) < 1e-6 && report.discardedEnergy == 0)
      #expect(report.skipped.count == 1 && report.skipped[0].contains("norm"))
      let merged = try MergeFixtures.dense(out)
      var sums: [String: Matrix] = [:]
      for (file, strength) in files {
        let adapter = try Adapter(path: Self.path(file))
        for (stem, delta) in try Self.expected(file, strength) {
          let module = try #require(adapter.modules.first { $0.stem == stem })
          let own = try #require(merged[module.path.name])
          let matrix = Matrix(rows: own.rows, columns: own.columns, elements: delta)
          sums[module.path.name] = sums[module.path.name].map { $0 + matrix } ?? matrix
        }
      }
      #expect(sums.count == merged.count)
      for (name, sum) in sums {
        #expect(MergeFixtures.relative(try #require(merged[name]), sum) < Self.tolerance, "\(name)")
      }
    }
  }

  @Test func aRankCutsItWithAKnownError() async throws {
    try await MergeFixtures.scratch { folder in
      let out = "\(folder)/out.safetensors"
      let report = try await MergeEngine.run(
        MergeRecipe(
          sources: try sources([("onetrainer", 1)]), method: .svd(rank: 3, convolutionRank: 3), dtype: .f32,
          dialect: .kohya, skipsUnsupported: false, overflow: .refuse, verifies: true), to: out)
      #expect(report.rank.max == 3 && report.discardedEnergy > 0.01)
      // What truncation discards is all that is missing.
      #expect(abs(try #require(report.residual) - report.discardedEnergy.squareRoot()) < 1e-5)
    }
  }

  @Test func withoutTheBaseModelItIsRefused() throws {
    let error = #expect(throws: MergeError.self) {
      _ = try MergePreview(
        MergeRecipe(
          sources: [MergeSource(adapter: try Adapter(path: Self.path("onetrainer")), strength: 1)], method: .concat,
          dtype: nil, dialect: nil, skipsUnsupported: false, overflow: .refuse, verifies: false))
    }
    #expect(error?.rule == .unsupported && error?.detail.contains("OFT") == true)
    #expect(error?.detail.contains("--base") == true)
  }
}
