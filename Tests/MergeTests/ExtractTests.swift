import Adapters
import Foundation
import LinearAlgebra
import SafeTensors
import Testing

@testable import Merge

/// What is extracted, beside the difference it was extracted from.
@Suite struct ExtractTests {
  private typealias F = CheckpointFixtures

  private func extract(_ folder: String, rank: Int, convolutionRank: Int? = nil, to name: String = "lora")
    async throws -> ExtractReport
  {
    try await ExtractEngine.run(
      ExtractRecipe(
        base: try Checkpoint(path: "\(folder)/base.safetensors"),
        tuned: try Checkpoint(path: "\(folder)/tuned.safetensors"),
        rank: rank, convolutionRank: convolutionRank, dtype: .f32, verifies: true), to: "\(folder)/\(name).safetensors",
      existing: .replace)
  }

  /// A base model and one with low-rank changes of its linear layer, its convolution and its text encoder.
  private func models(_ folder: String) throws {
    let base = F.sd1(dtype: .f32)
    var tuned = base
    for (index, rows, columns) in [(0, 6, 6), (2, 6, 36), (6, 8, 4)] {
      let change = MergeFixtures.matrix(rows, 2, seed: 41).times(MergeFixtures.matrix(2, columns, seed: 42))
      for i in tuned[index].values.indices { tuned[index].values[i] += change.elements[i] }
    }
    tuned[4].values[0] += 1
    try F.write("\(folder)/base.safetensors", base)
    try F.write("\(folder)/tuned.safetensors", tuned)
  }

  @Test func enoughRankIsExact() async throws {
    try await MergeFixtures.scratch { folder in
      try models(folder)
      let report = try await extract(folder, rank: 2, convolutionRank: 2)
      #expect(report.modules == 3 && report.unchanged == 2 && report.otherChanges == 1)
      #expect(report.capturedEnergy > 1 - 1e-9)
      // The models are F32, of numbers around 0.5: rounding moves their difference by 2^-25 of that.
      #expect(try #require(report.residual) < 3e-7)
      let adapter = try Adapter(path: "\(folder)/lora.safetensors")
      #expect(adapter.unmatched.isEmpty && adapter.architecture == .sd1)
      #expect(adapter.modules.allSatisfy { $0.scale == 1 && $0.rank == 2 })
      #expect(Set(adapter.modules.map(\.stem)) == [F.queryStem, F.convolutionStem, F.textStem])
      // Baked into the base, it gives the tuned model back.
      try await F.bake(
        "\(folder)/base.safetensors", [("\(folder)/lora.safetensors", 1)], to: "\(folder)/back.safetensors")
      let (tuned, back) = (try F.values("\(folder)/tuned.safetensors"), try F.values("\(folder)/back.safetensors"))
      for name in [F.query, F.convolution, F.text] {
        #expect(F.difference(back[name], try #require(tuned[name])) < 1e-5, "\(name)")
      }
    }
  }

  @Test func lessRankIsTheBestApproximation() async throws {
    try await MergeFixtures.scratch { folder in
      try models(folder)
      let report = try await extract(folder, rank: 1)
      #expect(report.modules == 2 && report.otherChanges == 2, "without a rank for it the convolution is left out")
      let (base, tuned) = (try F.values("\(folder)/base.safetensors"), try F.values("\(folder)/tuned.safetensors"))
      var (kept, all) = (0.0, 0.0)
      for (name, rows, columns) in [(F.query, 6, 6), (F.text, 8, 4)] {
        let difference = zip(try #require(tuned[name]), try #require(base[name])).map { $0 - $1 }
        let values = try Matrix(rows: rows, columns: columns, elements: difference).singularValues()
        kept += values[0] * values[0]
        all += values.reduce(0) { $0 + $1 * $1 }
      }
      #expect(abs(report.capturedEnergy - kept / all) < 1e-9)
      // What is missing in the bytes is what was cut off, but for F32.
      let residual = try #require(report.residual)
      #expect(abs(residual - (1 - kept / all).squareRoot()) < 1e-6 && abs(residual - report.expectedResidual) < 1e-6)
      #expect(try #require(report.worstResidual).residual >= residual)
      let metadata = try SafeTensorsFile(path: "\(folder)/lora.safetensors").header.metadata
      let noted = metadata["troupe.residual"].flatMap { Double($0.trimmingCharacters(in: .whitespaces)) }
      #expect(noted == residual)
    }
  }

  /// A wrong number in the stored factors is seen, and as large as it is.
  @Test func verificationSeesAnyDifference() throws {
    let (up, down) = (MergeFixtures.matrix(6, 2, seed: 1), MergeFixtures.matrix(2, 9, seed: 2))
    func bytes(_ matrix: Matrix) -> [UInt8] { DType.f32.narrowed(matrix.elements.map(Float.init)).bytes }
    func stored(_ matrix: Matrix) -> Matrix {
      Matrix(rows: matrix.rows, columns: matrix.columns, elements: DType.f32.widened(bytes(matrix)))
    }
    let difference = stored(up).times(stored(down))
    func residual(_ up: Matrix) -> Double {
      ExtractedLayer.residual(of: difference, up: bytes(up), down: bytes(down), rank: 2, dtype: .f32)
    }
    #expect(residual(up) == 0)
    var wrong = up
    wrong[3, 1] += 0.5
    // One row of the product has half of the second down row too much; F32 rounds 2^-24.
    let expected = 0.25 * stored(down).block(rows: 1..<2, columns: 0..<9).squaredNorm
    #expect(abs(residual(wrong) / expected - 1) < 1e-6)
  }

  @Test func sameModelsTwiceGiveTheSameFile() async throws {
    try await MergeFixtures.scratch { folder in
      try models(folder)
      let first = try await extract(folder, rank: 1, to: "a")
      let second = try await extract(folder, rank: 1, to: "b")
      #expect(first.hash == second.hash)
    }
  }

  @Test func aLargerMatrixNearlyAsGoodAsTheFullDecomposition() throws {
    // A spectrum that falls slowly, so that the sketch is put to the test.
    let (u, v) = (try MergeFixtures.matrix(120, 90, seed: 1).qr().q, try MergeFixtures.matrix(90, 90, seed: 2).qr().q)
    let values = (0..<90).map { 1 / Double($0 + 1).squareRoot() }
    let matrix = u.scalingColumns(by: values).times(v)
    let (product, energy) = try matrix.randomisedFactors(rank: 12, seed: 7)
    let best = values[..<12].reduce(0) { $0 + $1 * $1 }
    #expect(energy <= best * (1 + 1e-12) && energy > best * 0.98)
    let rest = (matrix - product.dense).squaredNorm
    #expect(abs(rest + energy - matrix.squaredNorm) < 1e-9, "what is not captured is the error")
  }

  @Test func roundingIsNoTraining() async throws {
    try await MergeFixtures.scratch { folder in
      try F.write("\(folder)/base.safetensors", F.sd1(dtype: .f32))
      try F.write("\(folder)/tuned.safetensors", F.sd1(dtype: .f16))
      let error = await #expect(throws: MergeError.self) { try await extract(folder, rank: 2, convolutionRank: 2) }
      #expect(error?.rule == .empty)
      #expect(!FileManager.default.fileExists(atPath: "\(folder)/lora.safetensors"))
    }
  }

  @Test func differentModels() async throws {
    try await MergeFixtures.scratch { folder in
      try models(folder)
      var tuned = F.sd1(dtype: .f32)
      tuned[0] = TestTensor(F.query, [6, 5], seed: 1, dtype: .f32)
      try F.write("\(folder)/tuned.safetensors", tuned)
      let error = await #expect(throws: MergeError.self) { try await extract(folder, rank: 2) }
      #expect(error?.rule == .shape)
    }
  }
}
