import Adapters
import Foundation
import LinearAlgebra
import SafeTensors
import Testing

@testable import Merge

/// The same LoRA under other names.
@Suite struct ConvertTests {
  static let fixtures = MergeFixtures.folder.deletingLastPathComponent()
  static func conversion(_ name: String) -> String {
    fixtures.appending(path: "conversions/\(name).safetensors.zst").path
  }

  static func convert(
    _ source: String, _ dialect: OutputDialect, to output: String, dtype: DType? = nil,
    alphas: ConvertRecipe.AlphaPlace = .factors, asLoRA: Bool = false, skips: Bool = false
  ) async throws -> ConvertReport {
    try await ConvertEngine.run(
      ConvertRecipe(
        adapter: try Adapter(path: source), dialect: dialect, dtype: dtype, alphaPlace: alphas, factorsOthers: asLoRA,
        skipsUnsupported: skips, verifies: true), to: output)
  }

  // MARK: - Beside diffusers' own converters

  /// Names are those that diffusers gives the layers, and every layer's change is that of diffusers' tensors.
  @Test(arguments: [
    "flux1_kohya", "flux1_xlabs", "flux2_comfy", "hunyuan_comfy", "wan_comfy", "wan_musubi", "qwen_kohya",
    "z_image_kohya", "lumina2_comfy", "anima_comfy", "krea2_comfy",
  ])
  func asDiffusersConverts(name: String) async throws {
    try await MergeFixtures.scratch { folder in
      let output = "\(folder)/x.safetensors"
      let report = try await Self.convert(Self.conversion("\(name)_source"), .diffusers, to: output)
      // The alphas are half the rank: every number is kept but for its exponent. What is left is the rounding of doubles
      // in the decomposition that measures it, over sums of up to 36864 products.
      #expect(report.rounded == 0 && report.skipped.isEmpty)
      #expect(try #require(report.residual) < 1e-13)
      let (own, theirs) = (try Adapter(path: output), try Adapter(path: Self.conversion("\(name)_diffusers")))
      let expected = Dictionary(uniqueKeysWithValues: theirs.modules.map { ($0.path, $0) })
      // diffusers' names of Hunyuan's layers are Flux.1's; Troupe's files tell, diffusers' do not.
      #expect(own.architecture == theirs.architecture || own.architecture == .hunyuan)
      #expect(own.unmatched.isEmpty && theirs.unmatched.isEmpty)
      // diffusers itself writes a text encoder's attention in its older manner here.
      func stems(_ adapter: Adapter) -> Set<String> {
        Set(adapter.modules.filter { $0.path.part == .transformer }.map(\.stem))
      }
      #expect(stems(own) == stems(theirs) && own.modules.count == theirs.modules.count)
      for module in own.modules {
        let other = try #require(expected[module.path])
        let (a, b) = (try own.factors(of: module), try theirs.factors(of: other))
        // diffusers folds alphas into both factors by powers of two, so that its numbers are exact as well.
        #expect(try a.squaredDistance(to: b) <= 1e-26 * b.squaredNorm, "\(module.path)")
      }
    }
  }

  /// There and back: the same tensors, bit for bit, where no alpha has to go into a factor.
  @Test(arguments: ["flux1_xlabs", "flux2_comfy", "hunyuan_comfy", "lumina2_comfy", "anima_comfy", "wan_comfy"])
  func thereAndBack(name: String) async throws {
    try await MergeFixtures.scratch { folder in
      let (there, back, again) = ("\(folder)/a.safetensors", "\(folder)/b.safetensors", "\(folder)/c.safetensors")
      let source = Self.conversion("\(name)_source")
      _ = try await Self.convert(source, .comfy, to: again)
      let first = try await Self.convert(source, .diffusers, to: there)
      let second = try await Self.convert(there, .comfy, to: back)
      #expect(first.splits == second.joins || name == "flux1_xlabs")
      let (a, b) = (try SafeTensorsFile(path: again), try SafeTensorsFile(path: back))
      #expect(a.header.tensors.map(\.name) == b.header.tensors.map(\.name))
      for tensor in a.header.tensors {
        let twin = try #require(b[tensor.name])
        #expect(try a.copy(tensor) == b.copy(twin) && tensor.shape == twin.shape, "\(tensor.name)")
      }
    }
  }

  // MARK: - Stable Diffusion

  @Test(arguments: OutputDialect.allCases)
  func everyDialectHoldsALoRA(dialect: OutputDialect) async throws {
    try await MergeFixtures.scratch { folder in
      let (source, output, back) = (
        MergeFixtures.path("one_kohya"), "\(folder)/x.safetensors", "\(folder)/y.safetensors"
      )
      let report = try await Self.convert(source, dialect, to: output, skips: true)
      let written = try Adapter(path: output)
      #expect(written.unmatched.isEmpty && written.modules.count == report.modules && report.modules > 0)
      #expect(OutputDialect(written.dialects[0]) == dialect || dialect == .oneTrainer || dialect == .kohya)
      #expect(try #require(report.residual) < 1e-7, "one rounding of an F32 factor")
      let returned = try await Self.convert(output, .kohya, to: back)
      #expect(returned.rounded == 0)
      let hash = try SafeTensorsFile(path: output).header.metadata["sshs_model_hash"]
      #expect(hash == report.hash)
    }
  }

  @Test func alphasInMetadataKeepEveryBit() async throws {
    try await MergeFixtures.scratch { folder in
      let (source, there, back) = ("\(folder)/s.safetensors", "\(folder)/a.safetensors", "\(folder)/b.safetensors")
      try MergeFixtures.write(
        source,
        layers: [
          (MergeFixtures.stem, MergeFixtures.matrix(8, 3, seed: 1), MergeFixtures.matrix(3, 8, seed: 2), 2),
          (
            "lora_te_text_model_encoder_layers_0_mlp_fc1", MergeFixtures.matrix(8, 2, seed: 3),
            MergeFixtures.matrix(2, 8, seed: 4), 1
          ),
        ], dtype: .f16)
      // 2 / 3 is no power of two: in F16 factors it would be rounded.
      let folded = try await Self.convert(source, .diffusers, to: "\(folder)/f.safetensors")
      #expect(folded.rounded == 1 && folded.exact == 1)
      #expect(try #require(folded.residual) > 1e-5 && folded.residual! < 1e-3, "half of F16's 2^-11")
      let kept = try await Self.convert(source, .diffusers, to: there, alphas: .metadata)
      #expect(kept.rounded == 0 && kept.residual == 0 && kept.alphas == "metadata")
      #expect(try Adapter(path: there).modules.allSatisfy { $0.alpha.source == .metadata })
      let returned = try await Self.convert(there, .kohya, to: back)
      #expect(returned.residual == 0)
      let (a, b) = (try SafeTensorsFile(path: source), try SafeTensorsFile(path: back))
      #expect(try a.tensorHash() == b.tensorHash())
      #expect(b.header.metadata["lora_adapter_metadata"] == nil, "it would count a second time")
    }
  }

  @Test func peftFolder() async throws {
    try await MergeFixtures.scratch { folder in
      let source = "\(folder)/s.safetensors"
      try MergeFixtures.write(
        source,
        layers: [
          (MergeFixtures.stem, MergeFixtures.matrix(8, 3, seed: 1), MergeFixtures.matrix(3, 8, seed: 2), 2),
          (
            "lora_te_text_model_encoder_layers_0_mlp_fc1", MergeFixtures.matrix(8, 2, seed: 3),
            MergeFixtures.matrix(2, 8, seed: 4), 1
          ),
        ], dtype: .f16)
      let recipe = ConvertRecipe(adapter: try Adapter(path: source), dialect: .peft, verifies: true)
      let report = try await ConvertEngine.run(recipe, toFolder: "\(folder)/peft")
      #expect(report.modules == 2 && report.residual == 0 && report.alphas == "config")
      for (network, alpha) in [("unet", 2.0), ("text_encoder", 1)] {
        let adapter = try Adapter(path: "\(folder)/peft/\(network)/adapter_model.safetensors")
        #expect(adapter.modules.count == 1 && adapter.dialects == [.peft])
        #expect(adapter.modules[0].alpha.value == alpha && adapter.modules[0].alpha.source == .adapterConfig)
      }
      await #expect(throws: SafeTensorsError.self) { try await ConvertEngine.run(recipe, toFolder: "\(folder)/peft") }
    }
  }

  // MARK: - Joined layers

  /// Query and value with factors of their own become a block-diagonal layer, and get their own rank back.
  @Test func layersTrainedApartKeepTheirRank() async throws {
    try await MergeFixtures.scratch { folder in
      let (source, joined, back) = ("\(folder)/s.safetensors", "\(folder)/j.safetensors", "\(folder)/b.safetensors")
      let stem = "lora_transformer_transformer_blocks_0_attn_to_"
      try MergeFixtures.write(
        source,
        layers: [
          (stem + "q", MergeFixtures.matrix(6, 2, seed: 1), MergeFixtures.matrix(2, 6, seed: 2), 1),
          (stem + "v", MergeFixtures.matrix(6, 3, seed: 3), MergeFixtures.matrix(3, 6, seed: 4), 1.5),
        ], dtype: .f16)
      let report = try await Self.convert(source, .kohya, to: joined)
      #expect(report.joins == 1 && report.modules == 1 && report.residual! < 1e-14)
      let whole = try Adapter(path: joined).modules[0]
      #expect(whole.rank == 5 && whole.outputs == 18 && whole.stem == "lora_unet_double_blocks_0_img_attn_qkv")
      let split = try await Self.convert(joined, .oneTrainer, to: back)
      #expect(split.splits == 1 && split.unchangedParts == 1, "the key is not changed")
      let modules = try Adapter(path: back).modules
      #expect(modules.map(\.rank) == [2, 3] && modules.map(\.stem) == [stem + "q", stem + "v"])
      let again = try await SafeTensorsFile(path: source).withF32Alphas(folder)
      #expect(try SafeTensorsFile(path: back).tensorHash() == again)
    }
  }

  /// Modulations whose halves diffusers stores in the other order, and the one kind that depends on its size.
  @Test func halvesInTheOtherOrder() async throws {
    try await MergeFixtures.scratch { folder in
      let (source, there, back) = ("\(folder)/s.safetensors", "\(folder)/a.safetensors", "\(folder)/b.safetensors")
      let last = "lora_unet_joint_blocks_3_context_block_adaLN_modulation_1"
      let stems = [
        "lora_unet_joint_blocks_0_context_block_adaLN_modulation_1", last, "lora_unet_final_layer_adaLN_modulation_1",
      ]
      let heights = [36, 12, 12]
      try MergeFixtures.write(
        source,
        layers: zip(stems, heights).enumerated().map { seed, layer in
          (
            layer.0, MergeFixtures.matrix(layer.1, 2, seed: UInt64(seed + 1)),
            MergeFixtures.matrix(2, 6, seed: UInt64(seed + 9)), 2
          )
        })
      let report = try await Self.convert(source, .diffusers, to: there)
      #expect(report.skipped.isEmpty && report.rounded == 0 && report.residual! < 1e-14)
      let names = [
        "transformer_blocks.0.norm1_context.linear", "transformer_blocks.3.norm1_context.linear", "norm_out.linear",
      ]
      let written = try Adapter(path: there)
      #expect(Set(written.modules.map(\.stem)) == Set(names.map { "transformer.\($0)" }))
      let (before, after) = (try Adapter(path: source), try MergeFixtures.dense(there))
      for (stem, name) in zip(stems, names) {
        let dense = try before.factors(of: try #require(before.modules.first { $0.stem == stem })).dense
        let half = dense.rows / 2
        let exchanged = Matrix.stacked([
          dense.block(rows: half..<dense.rows, columns: 0..<6), dense.block(rows: 0..<half, columns: 0..<6),
        ])
        #expect(after[name] == (dense.rows == 12 ? exchanged : dense), "\(name)")
      }
      #expect(try await Self.convert(there, .kohya, to: back).joins == 3)
      #expect(try SafeTensorsFile(path: back).tensorHash() == SafeTensorsFile(path: source).tensorHash())
    }
  }

  /// Tensors of every variant keep the names that tell what they are: the file is read back as it was.
  @Test(arguments: ["lycoris", "onetrainer", "sd_scripts"], [OutputDialect.comfy, .oneTrainer, .kohya])
  func everyVariantIsReadBack(name: String, dialect: OutputDialect) async throws {
    try await MergeFixtures.scratch { folder in
      let source = Self.fixtures.appending(path: "variants/\(name).safetensors").path
      let report = try await Self.convert(source, dialect, to: "\(folder)/x.safetensors")
      let (before, after) = (try Adapter(path: source), try Adapter(path: "\(folder)/x.safetensors"))
      #expect(report.skipped.isEmpty && after.unmatched.isEmpty && before.modules.count == after.modules.count)
      for (a, b) in zip(before.modules, after.modules) {
        #expect(a.path == b.path && a.variant == b.variant && a.scale == b.scale, "\(a.path)")
        for (role, tensor) in a.tensors where role != .alpha {
          #expect(try before.file.copy(tensor) == after.file.copy(try #require(b.tensors[role])), "\(tensor.name)")
        }
      }
    }
  }

  /// DoRA's magnitudes of a convolution are `[1, out, 1, 1]` to PEFT and `[out, 1, 1, 1]` to kohya.
  @Test func magnitudesOfConvolutions() async throws {
    try await MergeFixtures.scratch { folder in
      let (source, output, back) = ("\(folder)/s.safetensors", "\(folder)/x.safetensors", "\(folder)/y.safetensors")
      let stem = "unet.down_blocks.0.resnets.0.conv1"
      let shapes = [
        "lora_B.weight": [8, 2, 1, 1], "lora_A.weight": [2, 4, 3, 3], "lora_magnitude_vector.weight": [1, 8, 1, 1],
      ]
      var writer = try SafeTensorsWriter(
        path: source, declarations: shapes.map { .init(name: "\(stem).\($0.key)", dtype: .f32, shape: $0.value) },
        metadata: [:])
      while let next = writer.expected {
        try writer.append(DType.f32.narrowed((0..<next.count).map { Float($0) + 1 }).bytes)
      }
      try writer.finish()
      _ = try await Self.convert(source, .kohya, to: output)
      let written = try #require(try Adapter(path: output).modules.first)
      #expect(written.variant == .dora && written.tensors[.doraScale]?.shape == [8, 1, 1, 1])
      _ = try await Self.convert(output, .diffusers, to: back)
      #expect(try Adapter(path: back).modules.first?.tensors[.doraScale]?.shape == [1, 8, 1, 1])
    }
  }

  /// A LoRA less the same LoRA in another naming, which stores its layers apart, is nothing.
  @Test func subtractionAcrossNamings() async throws {
    try await MergeFixtures.scratch { folder in
      let source = Self.conversion("flux1_kohya_source")
      _ = try await Self.convert(source, .diffusers, to: "\(folder)/x.safetensors")
      let measure = try await SubtractionMeasure.of(
        try Adapter(path: source), minus: try Adapter(path: "\(folder)/x.safetensors"), strength: 1)
      #expect(measure.sharedLayers == 22 && measure.energyLeft! < 1e-12)
    }
  }

  @Test func learnedTokens() async throws {
    try await MergeFixtures.scratch { folder in
      let (source, output) = ("\(folder)/s.safetensors", "\(folder)/x.safetensors")
      let bytes = DType.f32.narrowed((0..<768).map { Float($0) / 768 }).bytes
      try MergeFixtures.write(
        source,
        layers: [(MergeFixtures.stem, MergeFixtures.matrix(8, 2, seed: 1), MergeFixtures.matrix(2, 8, seed: 2), 1)],
        metadata: ["<s1>": "<embed>"], extra: [(TensorDeclaration(name: "<s1>", dtype: .f32, shape: [768]), bytes)])
      #expect(try await Self.convert(source, .kohya, to: output).skipped.isEmpty)
      let embedding = try #require(try Adapter(path: output).embeddings.first)
      #expect(embedding.token == "<s1>" && embedding.vectors[0].encoder == .clipL)
      #expect(embedding.vectors[0].tensor.name == "bundle_emb.<s1>.string_to_param.*")
      #expect(try SafeTensorsFile(path: output).copy(embedding.vectors[0].tensor) == bytes)
      let left = try await Self.convert(source, .diffusers, to: "\(folder)/y.safetensors", skips: true)
      #expect(left.skipped.count == 1 && left.skipped[0].contains("<s1>"))
    }
  }
}

extension SafeTensorsFile {
  /// The hash of the same tensors with alphas as a conversion writes them.
  fileprivate func withF32Alphas(_ folder: String) async throws -> String {
    let path = "\(folder)/again.safetensors"
    var writer = try SafeTensorsWriter(
      path: path, declarations: header.tensors.map { .init(name: $0.name, dtype: $0.dtype, shape: $0.shape) },
      metadata: [:])
    while let next = writer.expected { try writer.append(try copy(try #require(self[next.name]))) }
    return try writer.finish()
  }
}
