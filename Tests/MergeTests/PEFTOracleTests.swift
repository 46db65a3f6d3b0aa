import Adapters
import Foundation
import LinearAlgebra
import Merge
import SafeTensors
import Testing

/// Our merges against PEFT's own and against numpy in double precision (`scripts/oracles/make_merge_fixture.py`).
@Suite struct PEFTOracleTests {
  private struct Expected: Decodable {
    struct Layer: Decodable { var discarded_energy: Double, sum_norm: Double }
    var layers: [String: Layer]
    var rank: Int
  }

  private func expected() throws -> (Expected, SafeTensorsFile) {
    let json = try Data(contentsOf: MergeFixtures.folder.appending(path: "merge.json"))
    return (
      try JSONDecoder().decode(Expected.self, from: json),
      try SafeTensorsFile(path: MergeFixtures.path("merge_expected"))
    )
  }

  private func matrix(_ file: SafeTensorsFile, _ name: String) throws -> Matrix {
    let tensor = try #require(file[name], "the fixture lacks \(name)")
    return Matrix(rows: tensor.shape[0], columns: tensor.shape[1], elements: try file.doubles(of: tensor))
  }

  /// Every combination of dialects must give the same sum: the PEFT files keep alpha in their metadata, kohya's in tensors.
  @Test(arguments: ["", "_kohya"], ["", "_kohya"])
  func concatIsTheExactSum(first: String, second: String) async throws {
    let (layers, truth) = try expected()
    try await MergeFixtures.scratch { folder in
      let recipe = MergeRecipe(
        sources: try MergeFixtures.sources([
          (MergeFixtures.path("one\(first)"), 0.8), (MergeFixtures.path("two\(second)"), 0.7),
        ]), method: .concat, verifies: true)
      let report = try await MergeEngine.run(recipe, to: "\(folder)/out.safetensors")
      let merged = try MergeFixtures.dense("\(folder)/out.safetensors")
      #expect(Set(merged.keys) == Set(layers.layers.keys))
      for (name, dense) in merged {
        // F32 factors: rounding of one product per term, 2^-24 each; 5e-7 leaves room for their sum.
        #expect(MergeFixtures.relative(dense, try matrix(truth, "\(name).sum")) < 5e-7)
        // PEFT computes in F32 itself, and was measured within 7.6e-8 of the truth.
        #expect(MergeFixtures.relative(dense, try matrix(truth, "\(name).cat")) < 6e-7)
      }
      let residual = try #require(report.residual)
      #expect(residual > 0 && residual < 5e-7)
      #expect(report.discardedEnergy == 0)
    }
  }

  @Test func svdIsTheBestOfItsRank() async throws {
    let (layers, truth) = try expected()
    try await MergeFixtures.scratch { folder in
      let recipe = MergeRecipe(
        sources: try MergeFixtures.sources([(MergeFixtures.path("one"), 0.8), (MergeFixtures.path("two_kohya"), 0.7)]),
        method: .svd(rank: layers.rank, convolutionRank: layers.rank), verifies: true)
      let report = try await MergeEngine.run(recipe, to: "\(folder)/out.safetensors")
      let merged = try MergeFixtures.dense("\(folder)/out.safetensors")
      var discarded = 0.0
      var total = 0.0
      for (name, dense) in merged {
        let best = try matrix(truth, "\(name).best")
        // The result is stored in F32: 2^-24 relative per factor entry.
        #expect(MergeFixtures.relative(dense, best) < 5e-7)
        // PEFT's own SVD is in F32 and up to 9.9e-7 from the truth.
        #expect(MergeFixtures.relative(dense, try matrix(truth, "\(name).svd")) < 2e-6)
        let layer = try #require(layers.layers[name])
        discarded += layer.discarded_energy
        total += layer.sum_norm * layer.sum_norm
      }
      // Exact but for the rounding of the stored sources, which both read alike.
      #expect(abs(report.discardedEnergy - discarded / total) < 1e-9)
      // What is missing is what was discarded: the residual must say the same from the written bytes.
      let residual = try #require(report.residual)
      #expect(abs(residual * residual - discarded / total) < 1e-6)
    }
  }
}
