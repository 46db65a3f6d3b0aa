import Adapters
import Foundation
import LinearAlgebra
import SafeTensors
import Testing

@testable import Merge

/// What resizing writes, keeps and refuses.
@Suite struct ResizeTests {
  private static let factors = MergeFixtures.folder.deletingLastPathComponent()
    .appending(path: "factors.safetensors").path

  /// A layer with a planted spectrum, in factors that do not show it.
  private func planted(_ values: [Double], out: Int, in width: Int, seed: UInt64) throws -> (up: Matrix, down: Matrix) {
    let left = try MergeFixtures.matrix(out, values.count, seed: seed).qr().q
    let right = try MergeFixtures.matrix(width, values.count, seed: seed + 1).qr().q
    return (left.scalingColumns(by: values), right.transposed)
  }

  private func resize(
    _ path: String, _ goal: ResizeRecipe.Goal = .rule(.all), cap: RankCap? = nil, dtype: DType? = .f32,
    to output: String
  ) async throws -> ResizeReport {
    try await ResizeEngine.run(
      ResizeRecipe(adapter: try Adapter(path: path), goal: goal, cap: cap, dtype: dtype, verifies: true), to: output,
      existing: .replace)
  }

  @Test func plantedSpectrumIsCutWhereItShould() async throws {
    try await MergeFixtures.scratch { folder in
      let (source, output) = ("\(folder)/a.safetensors", "\(folder)/b.safetensors")
      let layer = try planted([8, 4, 2, 1], out: 20, in: 16, seed: 1)
      try MergeFixtures.write(
        source, layers: [(MergeFixtures.stem, layer.up, layer.down, 2)],
        metadata: ["ss_network_dim": "4", "ss_network_alpha": "2.0", "ss_training_comment": "hello", "ss_seed": "7"])
      let report = try await resize(source, cap: RankCap(linear: 2), to: output)
      #expect(report.total.before == .init([4]) && report.total.after == .init([2]))
      // Known from the planted values; F32 factors.
      let kept = (80.0 / 85.0).squareRoot()
      #expect(abs(report.total.retainedEnergy - kept) < 1e-6)
      #expect(abs(report.total.retainedSum - 12.0 / 15.0) < 1e-6)
      #expect(abs(report.expectedResidual - (5.0 / 85.0).squareRoot()) < 1e-6)
      #expect(abs(try #require(report.residual) - report.expectedResidual) < 1e-6)
      // Scale 2 / 4 is in the result, whose own scale is one.
      let dense = try #require(try MergeFixtures.dense(output).values.first)
      #expect(abs(dense.squaredNorm - 80.0 / 4) < 1e-4)
      let file = try SafeTensorsFile(path: output)
      let metadata = file.header.metadata
      #expect(try file.doubles(of: try #require(file["\(MergeFixtures.stem).alpha"])) == [2])
      #expect(metadata["ss_network_dim"] == "2" && metadata["ss_network_alpha"] == "2.0" && metadata["ss_seed"] == "7")
      #expect(metadata["ss_training_comment"] == "resized by Troupe from dim 4 (rank 2); hello")
      #expect(try metadata["sshs_model_hash"] == file.tensorHash() && report.hash == file.tensorHash())
      #expect(metadata["troupe.resize"]?.contains(try SafeTensorsFile(path: source).tensorHash()) == true)
      #expect(report.total.bytesAfter == file.size)
    }
  }

  /// The directions kept from the first pass cut as a decomposition of its own does; without them it is made again.
  @Test func decomposedOnceAsTwice() throws {
    let exact = LowRank(up: MergeFixtures.matrix(20, 6, seed: 1), down: MergeFixtures.matrix(6, 30, seed: 2))
    let (core, without) = (try exact.coreSVD(directions: 4), try exact.coreSVD(directions: 0))
    let best = try exact.truncated(to: 4).product.dense
    // Doubles, and the same triangles.
    #expect(MergeFixtures.relative(try #require(exact.truncated(to: 4, by: core)).dense, best) < 1e-13)
    #expect(exact.truncated(to: 5, by: core) == nil && exact.truncated(to: 4, by: without) == nil)
    for (a, b) in zip(core.values, without.values) { #expect(abs(a - b) < 1e-13 * core.values[0]) }
    // A row twice: the triangle alone does not give a basis.
    let twice = LowRank(up: exact.up, down: .stacked([exact.down.firstRows(5), exact.down.firstRows(1)]))
    #expect(twice.truncated(to: 2, by: try twice.coreSVD(directions: 4)) == nil)
  }

  /// Layers beyond the memory set aside are decomposed again, to the same file but for rounding.
  @Test func memoryForDirectionsIsBounded() async throws {
    try await MergeFixtures.scratch { folder in
      let recipe = ResizeRecipe(
        adapter: try Adapter(path: MergeFixtures.path("two_kohya")), goal: .rule(.all), cap: RankCap(linear: 2))
      let plan = try ResizePlan(recipe)
      // Rank 6, two directions of two sides in doubles: 192 bytes a layer.
      #expect(ResizeEngine.keptDirections(plan, recipe).allSatisfy { $0 == 2 })
      #expect(ResizeEngine.keptDirections(plan, recipe, budget: 400).filter { $0 == 2 }.count == 2)
      #expect(ResizeEngine.keptDirections(plan, recipe, budget: 0).allSatisfy { $0 == 0 })
    }
  }

  @Test func rankAboveTheLayerKeepsEverything() async throws {
    try await MergeFixtures.scratch { folder in
      let report = try await resize(
        MergeFixtures.path("one_kohya"), cap: RankCap(linear: 64), to: "\(folder)/x.safetensors")
      #expect(report.total.after.max <= 4)
      #expect(report.expectedResidual == 0)
      // Factors rounded to F32 at 2^-24 each.
      #expect(try #require(report.residual) < 3e-7)
    }
  }

  /// Alphas that differ from the rank, metadata alphas and negative alphas: the same ΔW each time.
  @Test(arguments: ["one", "one_kohya"]) func strengthIsKept(name: String) async throws {
    try await MergeFixtures.scratch { folder in
      let output = "\(folder)/x.safetensors"
      _ = try await resize(MergeFixtures.path(name), cap: RankCap(linear: 16), to: output)
      let (before, after) = (try MergeFixtures.dense(MergeFixtures.path(name)), try MergeFixtures.dense(output))
      #expect(Set(before.keys) == Set(after.keys))
      for (layer, dense) in before { #expect(MergeFixtures.relative(try #require(after[layer]), dense) < 3e-7) }
    }
  }

  @Test func everyVariantBecomesFactors() async throws {
    try await MergeFixtures.scratch { folder in
      let output = "\(folder)/x.safetensors"
      let report = try await resize(Self.factors, cap: RankCap(linear: 4096), to: output)
      #expect(try #require(report.residual) < 1e-6)
      let (before, after) = (try Adapter(path: Self.factors), try Adapter(path: output))
      #expect(after.modules.count == before.modules.count && after.unmatched.isEmpty)
      for (old, new) in zip(before.modules, after.modules) {
        #expect(old.path == new.path && new.isPair)
        if new.path.kernelWidth == 3 { #expect(new.kernel == [3, 3] && new.variant == .locon) }
        let (a, b) = (try before.factors(of: old).dense, try after.factors(of: new).dense)
        #expect(MergeFixtures.relative(b, a) < 2e-6, "\(old.path)")
      }
      let cut = try await resize(Self.factors, cap: RankCap(linear: 3, convolution: 2), to: output)
      for layer in try Adapter(path: output).modules { #expect(layer.rank <= (layer.kernel.isEmpty ? 3 : 2)) }
      #expect(abs(try #require(cut.residual) - cut.expectedResidual) < 1e-6)
      #expect(try SafeTensorsFile(path: output).header.metadata["ss_network_dim"] == "Dynamic")
    }
  }

  @Test func zeroLayersBecomeRankOneZeros() async throws {
    try await MergeFixtures.scratch { folder in
      let (source, output) = ("\(folder)/a.safetensors", "\(folder)/b.safetensors")
      try MergeFixtures.write(
        source, layers: [(MergeFixtures.stem, Matrix(rows: 8, columns: 4), MergeFixtures.matrix(4, 8, seed: 3), 4)])
      for goal in [ResizeRecipe.Goal.rule(.all), .rule(.frobenius(0.9)), .size(4000)] {
        let report = try await resize(source, goal, cap: RankCap(linear: 4), to: output)
        #expect(report.total.after.max == 1 && report.residual == 0 && report.total.retainedEnergy == 1)
        #expect(try #require(try MergeFixtures.dense(output).values.first).squaredNorm == 0)
      }
    }
  }

  @Test func sizeIsNeverExceededAndUsedUp() async throws {
    try await MergeFixtures.scratch { folder in
      let output = "\(folder)/x.safetensors"
      var last = 0.0
      for bytes in stride(from: 14_000, through: 20_000, by: 611) {
        let report = try await resize(Self.factors, .size(bytes), to: output)
        let size = try SafeTensorsFile(path: output).size
        #expect(size <= bytes && report.total.bytesAfter == size)
        #expect(report.total.retainedEnergy >= last, "more bytes never keep less")
        last = report.total.retainedEnergy
        #expect(abs(try #require(report.residual) - report.expectedResidual) < 1e-6)
      }
    }
  }

  @Test func exactSizeOfTheWholeFileIsEnough() async throws {
    try await MergeFixtures.scratch { folder in
      let output = "\(folder)/x.safetensors"
      _ = try await resize(MergeFixtures.path("one_kohya"), .size(1 << 20), to: output)
      let size = try SafeTensorsFile(path: output).size
      // The number of digits in the comment may differ from that of the first run; both are written out.
      let report = try await resize(MergeFixtures.path("one_kohya"), .size(size + 16), to: output)
      #expect(report.expectedResidual == 0)
    }
  }

  @Test func refusals() async throws {
    try await MergeFixtures.scratch { folder in
      let output = "\(folder)/x.safetensors"
      let small = await #expect(throws: MergeError.self) {
        _ = try await self.resize(Self.factors, .size(500), to: output)
      }
      #expect(small?.rule == .size && small?.detail.contains("500") == true)
      let bad = "\(folder)/bad.safetensors"
      var up = MergeFixtures.matrix(8, 2, seed: 1)
      up[3, 1] = .nan
      try MergeFixtures.write(bad, layers: [(MergeFixtures.stem, up, MergeFixtures.matrix(2, 8, seed: 2), 1)])
      let nan = await #expect(throws: AdapterError.self) { _ = try await self.resize(bad, to: output) }
      #expect(nan?.rule == .nonFinite && nan?.key == "\(MergeFixtures.stem).lora_up.weight")
      let dora = "\(folder)/dora.safetensors"
      try MergeFixtures.write(
        dora,
        layers: [(MergeFixtures.stem, MergeFixtures.matrix(8, 2, seed: 5), MergeFixtures.matrix(2, 8, seed: 6), 1)],
        extra: [
          (
            TensorDeclaration(name: "\(MergeFixtures.stem).dora_scale", dtype: .f32, shape: [8, 1]),
            [UInt8](repeating: 0, count: 32)
          )
        ])
      let needsBase = await #expect(throws: MergeError.self) { _ = try await self.resize(dora, to: output) }
      #expect(needsBase?.rule == .unsupported)
      #expect(
        try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == ["bad.safetensors", "dora.safetensors"])
      let scale = await #expect(throws: MergeError.self) {
        _ = try await ScaleEngine.run(ScaleRecipe(adapter: try Adapter(path: dora), strength: 0.5), to: output)
      }
      #expect(scale?.rule == .unsupported && scale?.detail.contains(MergeFixtures.stem) == true)
    }
  }
}
