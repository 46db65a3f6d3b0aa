import Adapters
import Foundation
import LinearAlgebra
import SafeTensors
import Testing

@testable import Merge

/// Scaling, and taking one LoRA from another.
@Suite struct ScaleTests {
  private static let factors = MergeFixtures.folder.deletingLastPathComponent()
    .appending(path: "factors.safetensors").path

  /// The vectors of trigger words go along as they are, at whatever strength.
  @Test func embeddingsAreKept() async throws {
    try await MergeFixtures.scratch { folder in
      let (source, output) = ("\(folder)/a.safetensors", "\(folder)/x.safetensors")
      try CheckpointFixtures.write(
        source,
        CheckpointFixtures.lora(
          MergeFixtures.stem, up: MergeFixtures.matrix(6, 2, seed: 1), down: MergeFixtures.matrix(2, 6, seed: 2))
          + [TestTensor("bundle_emb.konrad.clip_l", [2, 768], seed: 3)])
      let report = try await ScaleEngine.run(
        ScaleRecipe(adapter: try Adapter(path: source), strength: -0.5, verifies: true), to: output)
      #expect(try #require(report.residual) < 1e-7)
      let (old, new) = (try SafeTensorsFile(path: source), try SafeTensorsFile(path: output))
      let name = "bundle_emb.konrad.clip_l"
      #expect(try new.copy(#require(new[name])) == old.copy(#require(old[name])))
      #expect(try Adapter(path: output).embeddings.map(\.token) == ["konrad"])
    }
  }

  /// Every variant and dialect, positive, negative and zero: ΔW is multiplied, and nothing else changes.
  @Test(arguments: ["factors", "one", "one_kohya"], [0.8, -0.8, -1, 0, 3]) func changeIsMultiplied(
    name: String, strength: Double
  ) async throws {
    try await MergeFixtures.scratch { folder in
      let source = name == "factors" ? Self.factors : MergeFixtures.path(name)
      let output = "\(folder)/x.safetensors"
      let report = try await ScaleEngine.run(
        ScaleRecipe(adapter: try Adapter(path: source), strength: strength, verifies: true), to: output)
      // One rounding to F32 of alpha or of the factor, as below.
      #expect(try #require(report.residual) < 1e-7 && report.worstModule != nil)
      #expect(report.byAlpha + report.bySign + report.byFactor == report.modules)
      let (before, after) = (try MergeFixtures.dense(source), try MergeFixtures.dense(output))
      #expect(Set(before.keys) == Set(after.keys))
      for (layer, dense) in before {
        let expected = dense.scaled(by: strength)
        let found = try #require(after[layer])
        // One rounding to F32 of alpha or of the factor.
        #expect((found - expected).squaredNorm <= 1e-14 * dense.squaredNorm * max(1, strength * strength), "\(layer)")
      }
      let (old, new) = (try SafeTensorsFile(path: source), try SafeTensorsFile(path: output))
      #expect(try new.header.metadata["sshs_model_hash"] == new.tensorHash())
      #expect(Set(new.header.tensors.map(\.name)).isSuperset(of: old.header.tensors.map(\.name)))
      for module in try Adapter(path: output).modules { #expect(module.alpha.value > 0, "some loaders misread others") }
    }
  }

  @Test func factorsAreCopiedBitForBit() async throws {
    try await MergeFixtures.scratch { folder in
      let (source, output) = ("\(folder)/a.safetensors", "\(folder)/b.safetensors")
      let text = "lora_te_text_model_encoder_layers_0_mlp_fc1"
      try MergeFixtures.write(
        source,
        layers: [
          (MergeFixtures.stem, MergeFixtures.matrix(8, 2, seed: 1), MergeFixtures.matrix(2, 8, seed: 2), 1),
          (text, MergeFixtures.matrix(8, 2, seed: 3), MergeFixtures.matrix(2, 8, seed: 4), nil),
        ], dtype: .f16, metadata: ["ss_network_alpha": "1"])
      let report = try await ScaleEngine.run(
        ScaleRecipe(adapter: try Adapter(path: source), strength: 0.5, textEncoders: 0.5), to: output)
      #expect(report.byAlpha == 2 && report.unet == 0.5 && report.textEncoders == 0.25)
      let (old, new) = (try SafeTensorsFile(path: source), try SafeTensorsFile(path: output))
      for tensor in old.header.tensors where !tensor.name.hasSuffix(".alpha") {
        #expect(try new.copy(#require(new[tensor.name])) == old.copy(tensor))
      }
      #expect(try new.doubles(of: try #require(new["\(MergeFixtures.stem).alpha"])) == [0.5])
      #expect(try new.doubles(of: try #require(new["\(text).alpha"])) == [0.5], "the rank 2 was assumed before")
      #expect(new.header.metadata["ss_network_alpha"] == "0.5")
      let textOnly = try await ScaleEngine.run(
        ScaleRecipe(adapter: try Adapter(path: source), strength: 1, textEncoders: -2), to: output, existing: .replace)
      #expect(textOnly.unchanged == 1 && textOnly.bySign == 1)
    }
  }

  /// A difference put into the written file is found, and as large as it is.
  @Test func verificationSeesAnyDifference() async throws {
    typealias F = CheckpointFixtures
    try await MergeFixtures.scratch { folder in
      let (source, output) = ("\(folder)/a.safetensors", "\(folder)/b.safetensors")
      let (up, down) = (MergeFixtures.matrix(6, 2, seed: 1), MergeFixtures.matrix(2, 6, seed: 2))
      var tensors = F.lora(F.queryStem, up: up, down: down) + F.lora(F.textStem, up: up, down: down, alpha: 1)
      try F.write(source, tensors)
      // The first gets an alpha, which was its rank 2 before; the second has one.
      let recipe = ScaleRecipe(adapter: try Adapter(path: source), strength: 0.5, verifies: true)
      let report = try await ScaleEngine.run(recipe, to: output)
      // Halves are exact in F32; what is left is the rounding of a QR decomposition.
      #expect(try #require(report.residual) < 1e-14)
      let plan = try ScalePlan(recipe)
      let alpha = TestTensor("\(F.queryStem).alpha", [], values: [1.25])
      let other = TestTensor("\(F.textStem).alpha", [], values: [0.5])
      try F.write(output, tensors.filter { !$0.name.hasSuffix("alpha") } + [alpha, other])
      let measures = try await ScaleVerification.measures(recipe, plan: plan, written: output, workers: 1)
      let relative = Dictionary(uniqueKeysWithValues: measures.map { ($0.module, $0.relative) })
      #expect(try #require(relative.values.min()) < 1e-14)
      // A quarter more than it should be.
      #expect(abs(try #require(relative.values.max()) - 0.25) < 1e-12)
      // A factor that was to be copied.
      tensors[0].values[0] += 1e-3
      try F.write(output, tensors.filter { !$0.name.hasSuffix("alpha") } + [alpha, other])
      let error = await #expect(throws: MergeError.self) {
        try await ScaleVerification.measures(recipe, plan: plan, written: output, workers: 1)
      }
      #expect(error?.rule == .verification)
    }
  }

  @Test func energyLeftIsThatOfTheDifference() async throws {
    let (one, two) = (MergeFixtures.path("one_kohya"), MergeFixtures.path("two_kohya"))
    let measure = try await SubtractionMeasure.of(
      try Adapter(path: one), minus: try Adapter(path: two), strength: 0.7)
    let (a, b) = (try MergeFixtures.dense(one), try MergeFixtures.dense(two))
    var (before, after) = (0.0, 0.0)
    for name in Set(a.keys).union(b.keys) {
      let size = try #require(a[name] ?? b[name])
      let zero = Matrix(rows: size.rows, columns: size.columns)
      before += (a[name] ?? zero).squaredNorm
      after += ((a[name] ?? zero) - (b[name] ?? zero).scaled(by: 0.7)).squaredNorm
    }
    // Double precision throughout.
    #expect(abs(measure.energyBefore / before - 1) < 1e-12)
    #expect(abs(try #require(measure.energyLeft) / (after / before) - 1) < 1e-12)
    #expect(measure.sharedLayers == 7)
    let itself = try await SubtractionMeasure.of(try Adapter(path: one), minus: try Adapter(path: one), strength: 1)
    #expect(try #require(itself.energyLeft) < 1e-14 && abs(itself.cosine - 1) < 1e-12)
  }
}
