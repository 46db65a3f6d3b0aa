import Adapters
import Foundation
import LinearAlgebra
import Merge
import SafeTensors
import Testing

/// What is baked, beside the definitions worked out here in doubles from the stored numbers.
@Suite struct BakeTests {
  private typealias F = CheckpointFixtures
  /// Two roundings of F16 at most (2^-11 each).
  private let half = 0x1p-10
  /// F32 results of single-precision sums.
  private let single = 1e-6

  /// `Σ up[i, k] · down[k, j]`, by three loops.
  private func product(_ up: Matrix, _ down: Matrix) -> [Double] {
    var result = [Double](repeating: 0, count: up.rows * down.columns)
    for i in 0..<up.rows {
      for j in 0..<down.columns {
        for k in 0..<up.columns { result[i * down.columns + j] += up[i, k] * down[k, j] }
      }
    }
    return result
  }

  /// A matrix of numbers that F32 holds.
  private func stored(_ rows: Int, _ columns: Int, seed: UInt64) -> Matrix {
    let matrix = MergeFixtures.matrix(rows, columns, seed: seed)
    return Matrix(rows: rows, columns: columns, elements: matrix.elements.map { Double(Float($0)) })
  }

  @Test(arguments: [DType.f16, .bf16, .f32], [0.8, -1.5]) func everyKindOfLayer(dtype: DType, strength: Double)
    async throws
  {
    try await MergeFixtures.scratch { folder in
      let (base, lora, out) = ("\(folder)/base.safetensors", "\(folder)/a.safetensors", "\(folder)/out.safetensors")
      try F.write(base, F.sd1(dtype: dtype), metadata: ["modelspec.title": "base", "modelspec.hash_sha256": "stale"])
      let q = (stored(6, 2, seed: 11), stored(2, 6, seed: 12))
      let c = (stored(6, 3, seed: 13), stored(3, 36, seed: 14))
      let p = (stored(6, 2, seed: 15), stored(2, 6, seed: 16))
      let t = (stored(8, 2, seed: 17), stored(2, 4, seed: 18))
      try F.write(
        lora,
        F.lora(F.queryStem, up: q.0, down: q.1, alpha: 1)
          + F.lora(F.convolutionStem, up: c.0, down: c.1, downShape: [3, 4, 3, 3])
          + F.lora(F.projectionStem, up: p.0, down: p.1, alpha: 2) + F.lora(F.textStem, up: t.0, down: t.1, alpha: 4))
      let report = try await F.bake(base, [(lora, strength)], to: out)
      let (before, after) = (try F.values(base), try F.values(out))
      let tolerance = dtype == .f32 ? single : dtype == .f16 ? half : 0x1p-7
      for (name, scale, factors) in [
        (F.query, 0.5, q), (F.convolution, 1, c), (F.projection, 1, p), (F.text, 2, t),
      ] {
        let expected = zip(before[name] ?? [], product(factors.0, factors.1)).map { $0 + strength * scale * $1 }
        #expect(F.difference(after[name], expected) < tolerance, "\(name)")
        #expect(F.difference(after[name], before[name] ?? []) > 0.01, "\(name) did not change")
      }
      let changed = Set([F.query, F.convolution, F.projection, F.text])
      for (name, values) in before where !changed.contains(name) { #expect(after[name] == values, "\(name)") }
      #expect(report.changedTensors == 4 && report.keptTensors == 5)
      #expect(try #require(report.residual) < tolerance)
      let metadata = try SafeTensorsFile(path: out).header.metadata
      #expect(metadata["modelspec.title"] == "base" && metadata["modelspec.hash_sha256"] == nil)
      let record = try #require(metadata["troupe.bake"])
      let hash = try SafeTensorsFile(path: lora).tensorHash()
      #expect(record.contains(hash) && record.contains("\"strength\":\(strength)") && record.contains("stale"))
    }
  }

  @Test func roundsToNearestEven() async throws {
    try await MergeFixtures.scratch { folder in
      let (base, lora, out) = ("\(folder)/base.safetensors", "\(folder)/a.safetensors", "\(folder)/out.safetensors")
      // 1 + 2^-11 and 1 + 3 · 2^-11 lie halfway between two F16 numbers: one goes down, the other up.
      try F.write(base, [TestTensor(F.query, [2, 1], values: [1, 1], dtype: .f16)])
      try F.write(
        lora,
        F.lora(
          F.queryStem, up: Matrix(rows: 2, columns: 1, elements: [0x1p-11, 3 * 0x1p-11]),
          down: Matrix(rows: 1, columns: 1, elements: [1])))
      try await F.bake(base, [(lora, 1)], to: out)
      #expect(try F.values(out)[F.query] == [1, 1 + 2 * 0x1p-10])
    }
  }

  @Test func fusedQueryKeyValueAndOpenCLIP() async throws {
    try await MergeFixtures.scratch { folder in
      let (base, lora, out) = ("\(folder)/base.safetensors", "\(folder)/a.safetensors", "\(folder)/out.safetensors")
      let prefix = "conditioner.embedders.1.model."
      let fused = "\(prefix)transformer.resblocks.3.attn.in_proj_weight"
      try F.write(
        base,
        [
          TestTensor(fused, [12, 4], seed: 1, dtype: .f32),
          TestTensor("\(prefix)transformer.resblocks.3.attn.in_proj_bias", [12], seed: 2, dtype: .f32),
          TestTensor("\(prefix)transformer.resblocks.3.mlp.c_proj.weight", [4, 8], seed: 3, dtype: .f32),
          TestTensor("\(prefix)text_projection", [4, 5], seed: 4, dtype: .f32),
          TestTensor(
            "conditioner.embedders.0.transformer.text_model.encoder.layers.3.mlp.fc2.weight", [4, 8], seed: 5),
        ])
      let stem = "lora_te2_text_model_encoder_layers_3_"
      let k = (stored(4, 2, seed: 11), stored(2, 4, seed: 12))
      let v = (stored(4, 1, seed: 13), stored(1, 4, seed: 14))
      let m = (stored(4, 2, seed: 15), stored(2, 8, seed: 16))
      let x = (stored(5, 2, seed: 17), stored(2, 4, seed: 18))
      try F.write(
        lora,
        F.lora("\(stem)self_attn_k_proj", up: k.0, down: k.1) + F.lora("\(stem)self_attn_v_proj", up: v.0, down: v.1)
          + F.lora("\(stem)mlp_fc2", up: m.0, down: m.1) + F.lora("lora_te2_text_projection", up: x.0, down: x.1))
      let report = try await F.bake(base, [(lora, 2)], to: out)
      let (before, after) = (try F.values(base), try F.values(out))
      var expected = try #require(before[fused])
      for (i, change) in product(k.0, k.1).enumerated() { expected[16 + i] += 2 * change }
      for (i, change) in product(v.0, v.1).enumerated() { expected[32 + i] += 2 * change }
      #expect(F.difference(after[fused], expected) < single)
      let name = "\(prefix)transformer.resblocks.3.mlp.c_proj.weight"
      #expect(
        F.difference(after[name], zip(try #require(before[name]), product(m.0, m.1)).map { $0 + 2 * $1 }) < single)
      // Stored as [in, out].
      let dense = product(x.0, x.1)
      var projection = try #require(before["\(prefix)text_projection"])
      for o in 0..<5 { for i in 0..<4 { projection[i * 5 + o] += 2 * dense[o * 4 + i] } }
      #expect(F.difference(after["\(prefix)text_projection"], projection) < single)
      #expect(report.changedTensors == 3)
    }
  }

  @Test(arguments: [[6, 1], [6], [1, 6]], [1, 0.6, -0.5]) func doRALinear(shape: [Int], strength: Double) async throws {
    try await doRA(F.query, F.queryStem, outputs: 6, channels: 6, kernel: 1, scaleShape: shape, strength: strength)
  }

  @Test(arguments: [[6, 1, 1, 1], [1, 4, 1, 1]]) func doRAConvolution(shape: [Int]) async throws {
    try await doRA(
      F.convolution, F.convolutionStem, outputs: 6, channels: 4, kernel: 9, scaleShape: shape, strength: 0.7)
  }

  /// Compares a DoRA with the formula, element by element.
  private func doRA(
    _ name: String, _ stem: String, outputs: Int, channels: Int, kernel: Int, scaleShape: [Int], strength: Double
  ) async throws {
    try await MergeFixtures.scratch { folder in
      let (base, lora, out) = ("\(folder)/base.safetensors", "\(folder)/a.safetensors", "\(folder)/out.safetensors")
      try F.write(base, F.sd1(dtype: .f32))
      let width = channels * kernel
      let (up, down) = (stored(outputs, 2, seed: 31), stored(2, width, seed: 32))
      let lengths = (0..<scaleShape.reduce(1, *)).map { Double(Float(0.5 + 0.25 * Double($0))) }
      let downShape = kernel > 1 ? [2, channels, 3, 3] : [2, channels]
      try F.write(
        lora,
        F.lora(stem, up: up, down: down, downShape: downShape, alpha: 1) + [
          TestTensor("\(stem).dora_scale", scaleShape, values: lengths)
        ])
      try await F.bake(base, [(lora, strength)], to: out)
      var expected = zip(try #require(F.values(base)[name]), product(up, down)).map { $0 + strength * 0.5 * $1 }
      let unscaled = expected
      let byOutput = scaleShape[0] == outputs
      for (g, length) in lengths.enumerated() {
        let members = expected.indices.filter { byOutput ? $0 / width == g : $0 % width / kernel == g }
        let norm = members.reduce(0) { $0 + unscaled[$1] * unscaled[$1] }.squareRoot()
        for i in members { expected[i] *= strength * (length / norm - 1) + 1 }
        if strength == 1 {
          let reached = members.reduce(0) { $0 + expected[$1] * expected[$1] }.squareRoot()
          #expect(abs(reached - length) < 1e-9)
        }
      }
      #expect(F.difference(try F.values(out)[name], expected) < single)
    }
  }

  @Test func otherVariants() async throws {
    try await MergeFixtures.scratch { folder in
      let (base, lora, out) = ("\(folder)/base.safetensors", "\(folder)/a.safetensors", "\(folder)/out.safetensors")
      try F.write(base, F.sd1(dtype: .f32))
      let (a1, b1, a2, b2) = (
        stored(6, 2, seed: 1), stored(2, 6, seed: 2), stored(6, 2, seed: 3), stored(2, 6, seed: 4)
      )
      let (w1, w2) = (stored(2, 2, seed: 5), stored(3, 18, seed: 6))
      let full = stored(6, 6, seed: 7)
      func tensor(_ name: String, _ m: Matrix, _ shape: [Int]? = nil) -> TestTensor {
        TestTensor(name, shape ?? [m.rows, m.columns], values: m.elements)
      }
      let norm = "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_norm1"
      try F.write(
        lora,
        [
          tensor("\(F.queryStem).hada_w1_a", a1), tensor("\(F.queryStem).hada_w1_b", b1),
          tensor("\(F.queryStem).hada_w2_a", a2), tensor("\(F.queryStem).hada_w2_b", b2),
          TestTensor("\(F.queryStem).alpha", [], values: [1]),
          tensor("\(F.convolutionStem).lokr_w1", w1), tensor("\(F.convolutionStem).lokr_w2", w2, [3, 2, 3, 3]),
          tensor("\(F.projectionStem).diff", full, [6, 6, 1, 1]),
          TestTensor("\(norm).w_norm", [6], values: [1, 2, 3, 4, 5, 6]),
          TestTensor("\(norm).b_norm", [6], values: [6, 5, 4, 3, 2, 1]),
        ])
      try await F.bake(base, [(lora, 0.5)], to: out)
      let (before, after) = (try F.values(base), try F.values(out))
      let hadamard = zip(product(a1, b1), product(a2, b2)).map { 0.5 * $0 * $1 }
      var kronecker = [Double](repeating: 0, count: 6 * 36)
      for o in 0..<6 { for i in 0..<36 { kronecker[o * 36 + i] = w1[o / 3, i / 18] * w2[o % 3, i % 18] } }
      for (name, change) in [
        (F.query, hadamard), (F.convolution, kronecker), (F.projection, full.elements),
        ("\(F.block).norm1.weight", [1, 2, 3, 4, 5, 6]), ("\(F.block).norm1.bias", [6, 5, 4, 3, 2, 1]),
      ] {
        let expected = zip(try #require(before[name]), change).map { $0 + 0.5 * $1 }
        #expect(F.difference(after[name], expected) < single, "\(name)")
      }
    }
  }

  @Test func severalInOrderAndConverted() async throws {
    try await MergeFixtures.scratch { folder in
      let (base, out) = ("\(folder)/base.safetensors", "\(folder)/out.safetensors")
      try F.write(base, F.sd1(dtype: .f32))
      let pairs = (1...3).map { (stored(6, 2, seed: UInt64(20 + $0)), stored(2, 6, seed: UInt64(30 + $0))) }
      for (i, pair) in pairs.enumerated() {
        try F.write("\(folder)/\(i).safetensors", F.lora(F.queryStem, up: pair.0, down: pair.1))
      }
      let strengths = [1, -0.25, 0]
      let report = try await F.bake(
        base, strengths.enumerated().map { ("\(folder)/\($0).safetensors", $1) }, to: out, dtype: .f16)
      var expected = try #require(F.values(base)[F.query])
      for (pair, strength) in zip(pairs, strengths) {
        for (i, change) in product(pair.0, pair.1).enumerated() { expected[i] += strength * change }
      }
      let file = try SafeTensorsFile(path: out)
      #expect(F.difference(try F.values(out)[F.query], expected) < half)
      #expect(file["first_stage_model.decoder.conv_in.weight"]?.dtype == .f16)
      #expect(file["alphas_cumprod"]?.dtype == .f32, "the noise schedule is no network")
      #expect(report.sources.map(\.strength) == strengths && report.dtypes == ["F16"])
    }
  }
}
