import Adapters
import Foundation
import LinearAlgebra
import Merge
import SafeTensors
import Testing

/// Every method against its dense definition in double precision (`scripts/oracles/make_methods_fixture.py`): layers of
/// different ranks, a convolution, a layer that one source lacks, one that is zero in a source, a negative strength; the
/// random methods number by number, with masks that the script makes anew.
@Suite struct MethodOracleTests {
  static let methods: [(String, any LayerMethod)] = [
    ("sum", PlainSum()), ("average", Average()), ("magnitude-prune", MagnitudePrune(density: 0.4)),
    ("magnitude-prune-dense", MagnitudePrune(density: 0.4, space: .dense)), ("ties", Ties(density: 0.5)),
    ("ties-frequency", Ties(density: 0.7, election: .frequency)), ("ties-dense", Ties(density: 0.5, space: .dense)),
    ("breadcrumbs", Breadcrumbs(density: 0.6, gamma: 0.1)), ("sce", Sce(topK: 0.5)), ("sce-all", Sce()),
    ("tsv", Tsv()), ("tsv-half", Tsv(keep: 0.5)), ("knots-ties", KnotsTies()), ("iso-c", IsoC()),
    ("iso-cts", IsoCts(common: 0.5)), ("np-soft", NullSpace()), ("np-hard", NullSpace(isHard: true)),
    ("orthogonalise", Orthogonalise()), ("wudi", Wudi()), ("dare", Dare(density: 0.4, seed: 2024)),
    ("dare-dense", Dare(density: 0.4, seed: 2024, space: .dense)), ("dare-ties", DareTies(density: 0.6, seed: 2024)),
    ("dare-ties-frequency", DareTies(density: 0.6, election: .frequency, seed: 2024)),
    ("dare-ties-dense", DareTies(density: 0.6, seed: 2024, space: .dense)),
    ("della", Della(density: 0.5, epsilon: 0.2, seed: 2024)),
    ("della-dense", Della(density: 0.5, epsilon: 0.2, seed: 2024, space: .dense)),
  ]

  private func path(_ name: String) -> String {
    MergeFixtures.folder.deletingLastPathComponent().appending(path: "methods/\(name).safetensors").path
  }

  /// Merges at full rank, so that nothing but the method and F32 rounding is in the file.
  private func check(
    _ label: String, _ method: any LayerMethod, files: [(String, Double)], normalises: Bool = false
  ) async throws {
    try await check(label, .layered(method, rank: nil, convolutionRank: nil), files: files, normalises: normalises)
  }

  private func check(
    _ label: String, _ method: MergeMethod, files: [(String, Double)], normalises: Bool = false
  ) async throws {
    try await MergeFixtures.scratch { folder in
      let truth = try SafeTensorsFile(path: path("expected"))
      let recipe = MergeRecipe(
        sources: try MergeFixtures.sources(files.map { (path($0.0), $0.1) }),
        method: method, dtype: .f32, verifies: true, normalises: normalises,
        covariances: label == "regmean" ? try CovarianceFile(path: path("covariances")) : nil)
      let report = try await MergeEngine.run(recipe, to: "\(folder)/out.safetensors")
      let adapter = try Adapter(path: "\(folder)/out.safetensors")
      #expect(adapter.modules.count == 5)
      for module in adapter.modules {
        let found = try adapter.factors(of: module).dense
        let tensor = try #require(truth["\(label)|\(module.stem)"], "the fixture lacks \(label) of \(module.stem)")
        let expected = Matrix(rows: found.rows, columns: found.columns, elements: try truth.doubles(of: tensor))
        // Factors in F32: 2^-24 for each, and small against the 1e-5 that is promised.
        #expect(MergeFixtures.relative(found, expected) < 1e-6, "\(label) \(module.stem)")
      }
      // What svd leaves out is not there.
      if label != "svd-2", !label.hasSuffix("-dense") { #expect(try #require(report.residual) < 1e-6) }
    }
  }

  @Test(arguments: methods.indices) func agreesWithTheDenseDefinition(index: Int) async throws {
    let (label, method) = Self.methods[index]
    // A dense method fills the whole layer, whatever the ranks of its sources.
    try await check(label, method, files: [("a", 1), ("b", -0.7), ("c", 0.5)])
  }

  @Test func normalised() async throws {
    try await check("sum-normalised", PlainSum(), files: [("a", 1), ("b", -0.7), ("c", 0.5)], normalises: true)
  }

  /// sd-scripts' own ways: factors added (`merge_lora.py`), and the best of a rank (`svd_merge_lora.py`, no clamp).
  @Test func kohya() async throws {
    try await check("kohya-compat", KohyaCompat(), files: [("b", 0.8), ("d", -0.6)])
    try await check("svd-2", .svd(rank: 2, convolutionRank: 2), files: [("a", 1), ("b", -0.7), ("c", 0.5)])
  }

  /// With whole covariances, inputs, both in one layer, silent inputs, and fewer inputs than channels.
  @Test func regmean() async throws {
    try await check("regmean", RegMean(ridge: 1e-3), files: [("a", 1), ("b", -0.7), ("c", 0.5)])
  }

  @Test func arcs() async throws {
    try await check("slerp", Slerp(t: 0.3), files: [("a", 1), ("c", 0.5)])
    try await check("nuslerp", NuSlerp(), files: [("a", 1), ("c", 0.5)])
  }
}
