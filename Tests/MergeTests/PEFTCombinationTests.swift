import Adapters
import Foundation
import LinearAlgebra
import SafeTensors
import Testing

@testable import Merge

/// Every combination type of PEFT's `add_weighted_adapter` beside the method that is the same.
///
/// The fixture (`scripts/oracles/make_peft_merge_fixture.py`) has three scales, a negative weight, a convolution, mixed
/// ranks where PEFT takes them, and a layer that one adapter lacks. Random masks are those that PEFT drew.
@Suite struct PEFTCombinationTests {
  private struct Case: Decodable {
    var type: String
    var adapters: [String]
    var weights: [Double]
  }

  private static let folder = MergeFixtures.folder.deletingLastPathComponent().appending(path: "peft_merge")

  /// What each case of the fixture is here.
  private static func method(_ name: String) -> MergeMethod? {
    func layered(_ method: any LayerMethod) -> MergeMethod { .layered(method, rank: nil, convolutionRank: nil) }
    switch name {
    case "cat": return .concat
    case "svd": return .svd(rank: 12, convolutionRank: 12)
    case "svd-3": return .svd(rank: 3, convolutionRank: 3)
    case "linear": return layered(KohyaCompat())
    case "ties": return layered(Ties(density: 0.6, space: .factors))
    case "ties-frequency": return layered(Ties(density: 0.6, election: .frequency, space: .factors))
    case "ties_svd": return layered(Ties(density: 0.45, space: .dense))
    case "ties_svd-frequency": return layered(Ties(density: 0.45, election: .frequency, space: .dense))
    case "magnitude_prune": return layered(MagnitudePrune(density: 0.55, space: .factors))
    case "magnitude_prune_svd": return layered(MagnitudePrune(density: 0.3, space: .dense))
    case "dare_linear": return layered(Dare(density: 0.6, space: .factors))
    case "dare_linear_svd": return layered(Dare(density: 0.6, space: .dense))
    case "dare_ties": return layered(DareTies(density: 0.7, space: .factors))
    case "dare_ties_svd": return layered(DareTies(density: 0.7, space: .dense))
    case "dare_ties_svd-frequency": return layered(DareTies(density: 0.7, election: .frequency, space: .dense))
    default: return nil
    }
  }

  private func cases() throws -> [String: Case] {
    try JSONDecoder().decode(
      [String: Case].self, from: Data(contentsOf: Self.folder.appending(path: "peft_merge.json")))
  }

  private func truth() throws -> SafeTensorsFile {
    try SafeTensorsFile(path: Self.folder.appending(path: "expected.safetensors").path)
  }

  private func recipe(_ name: String, _ entry: Case) throws -> MergeRecipe {
    let files = zip(entry.adapters, entry.weights).map { adapter, weight in
      // PEFT's linear puts the root of a weight into each factor, kohya-compat the whole weight into both.
      let strength = name == "linear" ? (weight < 0 ? -1 : 1) * abs(weight).squareRoot() : weight
      return (Self.folder.appending(path: "\(adapter).safetensors").path, strength)
    }
    let method = try #require(Self.method(name), "no method stands for \(name)")
    return MergeRecipe(sources: try MergeFixtures.sources(files), method: method, dtype: .f32)
  }

  /// A relative distance of 1e-5 is what is promised; measured were up to 1e-6, the single precision of PEFT's own SVD.
  private func expect(_ found: Matrix, _ name: String, _ layer: String, _ truth: SafeTensorsFile) throws {
    let tensor = try #require(truth["\(name)|\(layer)"], "the fixture lacks \(name) of \(layer)")
    let expected = Matrix(rows: found.rows, columns: found.columns, elements: try truth.doubles(of: tensor))
    #expect(expected.squaredNorm > 0)
    #expect(MergeFixtures.relative(found, expected) < 1e-5, "\(name) \(layer)")
  }

  @Test func everyTypeIsCovered() throws {
    let types = Set(try cases().values.map(\.type))
    #expect(
      types == [
        "cat", "svd", "linear", "ties", "ties_svd", "magnitude_prune", "magnitude_prune_svd", "dare_linear",
        "dare_linear_svd", "dare_ties", "dare_ties_svd",
      ])
    for name in try cases().keys { #expect(Self.method(name) != nil, "\(name)") }
  }

  /// The types without masks, through the written file.
  @Test(arguments: [
    "cat", "svd", "svd-3", "linear", "ties", "ties-frequency", "ties_svd", "ties_svd-frequency", "magnitude_prune",
    "magnitude_prune_svd",
  ]) func writesWhatPEFTMakes(name: String) async throws {
    let (entry, truth) = (try #require(try cases()[name]), try truth())
    try await MergeFixtures.scratch { folder in
      let path = "\(folder)/out.safetensors"
      _ = try await MergeEngine.run(try recipe(name, entry), to: path)
      let merged = try MergeFixtures.dense(path)
      #expect(merged.count == 5)
      for (layer, found) in merged { try expect(found, name, layer, truth) }
    }
  }

  /// The types with masks, with those that PEFT drew.
  @Test(arguments: ["dare_linear", "dare_linear_svd", "dare_ties", "dare_ties_svd", "dare_ties_svd-frequency"])
  func makesOfTheSameMasksWhatPEFTMakes(name: String) throws {
    let (entry, truth) = (try #require(try cases()[name]), try truth())
    let recipe = try recipe(name, entry)
    guard case .layered(let any, _, _) = recipe.method, let method = any as? any ElementwiseMethod else {
      Issue.record("\(name) is not elementwise")
      return
    }
    let plan = try MergePlan(recipe)
    #expect(plan.layers.count == 5)
    for layer in plan.layers {
      let core = try CoreLayer(layer, recipe)
      let name = (case: name, layer: layer.path.name)
      let tensor = try #require(truth["mask|\(name.case)|\(name.layer)"])
      let draws = Draws(
        masks: try truth.doubles(of: tensor), sources: core.cores.count,
        down: method.space == .factors ? core.ranks[0] * core.down.columns : core.up.rows * core.down.columns,
        up: method.space == .factors ? core.ranks[0] * core.up.rows : 0)
      let product = try method.merged(core, uniform: draws.uniform)
      try expect(product.factors(core).dense, name.case, name.layer, truth)
      #expect(draws.areUsedUp)
    }
  }

  /// Turns recorded masks into random numbers that draw them again: 0 keeps an element whatever the density, 1 drops it.
  private final class Draws {
    private var rest: [ArraySlice<Double>] = []

    /// - Parameters:
    ///   - masks: of every source the `down` first elements, then of every source the `up` others.
    init(masks: [Double], sources: Int, down: Int, up: Int) {
      for source in 0..<sources {
        let first = masks[source * down..<(source + 1) * down]
        let start = sources * down + source * up
        rest.append((Array(first) + Array(masks[start..<start + up]))[...])
      }
    }

    var uniform: [() -> Double] { rest.indices.map { index in { 1 - self.rest[index].removeFirst() } } }
    var areUsedUp: Bool { rest.allSatisfy(\.isEmpty) }
  }

  /// Factors of different ranks cannot be combined one by one; PEFT refuses them too.
  @Test func factorsNeedOneRank() async throws {
    let files = ["one", "four"].map { (Self.folder.appending(path: "\($0).safetensors").path, 1.0) }
    let recipe = MergeRecipe(
      sources: try MergeFixtures.sources(files),
      method: .layered(Ties(space: .factors), rank: nil, convolutionRank: nil))
    try await MergeFixtures.scratch { folder in
      let error = await #expect(throws: MergeError.self) {
        _ = try await MergeEngine.run(recipe, to: "\(folder)/out.safetensors")
      }
      let problem = try #require(error)
      #expect(problem.rule == .method)
      #expect(problem.detail.contains("one rank per layer"))
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty)
    }
  }
}
