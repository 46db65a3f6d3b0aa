import LinearAlgebra
import SafeTensors
import Testing

@testable import Adapters

/// What `make_variants_fixture.py` says of every layer whose change depends on the base model.
enum VariantFixture {
  static let folder = Fixtures.path("variants")

  /// A layer of a file and the strength it is used at.
  struct Case: Sendable, CustomTestStringConvertible {
    var file: String
    var stem: String
    var strength: Double
    var testDescription: String { "\(file) \(stem) @ \(strength)" }
  }

  static let all: [Case] = {
    guard let file = try? SafeTensorsFile(path: "\(folder)/expected.safetensors") else { return [] }
    return file.header.tensors.map(\.name).filter { !$0.hasSuffix(".bias") }.sorted().map { name in
      let pieces = name.split(separator: "/", maxSplits: 1).map(String.init)
      let half = pieces[1].hasSuffix("@0.5")
      return Case(file: pieces[0], stem: half ? String(pieces[1].dropLast(4)) : pieces[1], strength: half ? 0.5 : 1)
    }
  }()

  static func adapter(_ file: String) throws -> Adapter {
    try Adapter(
      path: file.hasPrefix("peft_") ? "\(folder)/\(file)/adapter_model.safetensors" : "\(folder)/\(file).safetensors")
  }

  static func base() throws -> Checkpoint { try Checkpoint(path: "\(folder)/base.safetensors") }

  static func expected(_ item: Case) throws -> Matrix {
    let file = try SafeTensorsFile(path: "\(folder)/expected.safetensors")
    let tensor = try #require(file["\(item.file)/\(item.stem)\(item.strength == 1 ? "" : "@0.5")"])
    return Matrix(rows: tensor.shape[0], columns: tensor.shape[1], elements: try file.doubles(of: tensor))
  }

  /// Both sides compute in double from the same stored numbers; the tools add 1e-8 to a constrained length.
  static let tolerance = 1e-7
}

@Suite("Changes that depend on the base model")
struct BaseDependentTests {
  @Test func theFixtureIsWhole() throws {
    #expect(VariantFixture.all.count == 84)
    let files = Set(VariantFixture.all.map(\.file))
    var variants: Set<Variant> = []
    for file in files {
      let adapter = try VariantFixture.adapter(file)
      #expect(adapter.unmatched.isEmpty, "\(file): \(adapter.unmatched)")
      variants.formUnion(adapter.modules.map(\.variant))
    }
    #expect(variants.isSuperset(of: Variant.allCases.filter(\.needsBase)))
  }

  @Test(arguments: VariantFixture.all) func delta(item: VariantFixture.Case) throws {
    let (adapter, base) = (try VariantFixture.adapter(item.file), try VariantFixture.base())
    let module = try #require(adapter.modules.first { $0.stem == item.stem })
    let place = try #require(base.places(of: module.path).first)
    let geometry = try #require(place.geometry)
    let delta = try adapter.delta(
      of: module, on: try base.weight(at: place), geometry, strength: item.strength)
    #expect(delta.distance(to: try VariantFixture.expected(item)) < VariantFixture.tolerance)
  }

  /// Over its base model, every layer has factors like any other, and no larger than was said before they were read.
  @Test(arguments: VariantFixture.all) func factors(item: VariantFixture.Case) throws {
    let adapter = try VariantFixture.adapter(item.file).bound(to: VariantFixture.base(), strength: item.strength)
    #expect(adapter.needingBase.isEmpty)
    let module = try #require(adapter.modules.first { $0.stem == item.stem })
    #expect(module.hasFactors && !module.needsBase && !module.isPair || module.variant == .lora)
    let factors = try adapter.factors(of: module)
    #expect(factors.rank == module.exactRank && [factors.outputs, factors.inputs] == [module.outputs, module.inputs])
    let whole = factors.dense.scaled(by: item.strength)
    #expect(whole.distance(to: try VariantFixture.expected(item)) < VariantFixture.tolerance)
  }

  /// At strength 0 every variant leaves the base model as it is.
  @Test func nothingAtStrengthZero() throws {
    let base = try VariantFixture.base()
    for file in Set(VariantFixture.all.map(\.file)) {
      let adapter = try VariantFixture.adapter(file)
      for module in adapter.modules where module.variant != .vector {
        let place = try #require(base.places(of: module.path).first)
        let weight = try base.weight(at: place)
        let delta = try adapter.delta(of: module, on: weight, try #require(place.geometry), strength: 0)
        #expect(delta.squaredNorm <= 1e-24 * weight.squaredNorm, "\(file) \(module.stem)")
      }
    }
  }

  @Test func ranksOfProductsStaySmall() throws {
    let adapter = try VariantFixture.adapter("lycoris").bound(to: VariantFixture.base())
    // GLoRA: twice its rank; T-LoRA likewise; a rotation has as many as there are outputs.
    #expect(adapter.modules.first { $0.variant == .glora && $0.kernel.isEmpty }?.exactRank == 6)
    #expect(adapter.modules.first { $0.variant == .tlora }?.exactRank == 6)
    #expect(adapter.modules.first { $0.variant == .boft }?.exactRank == 8)
  }

  @Test(arguments: [1, 3, 100]) func aRankIsTheBestThereIs(rank: Int) throws {
    let (file, base) = (try VariantFixture.adapter("lycoris"), try VariantFixture.base())
    let (whole, cut) = (try file.bound(to: base), try file.bound(to: base, rank: rank))
    var (left, total) = (0.0, 0.0)
    for (exact, module) in zip(whole.modules, cut.modules) where exact.bound != nil {
      let factors = try cut.factors(of: module)
      let values = try whole.factors(of: exact).singularValues().map { $0 * $0 }
      #expect(factors.rank == module.exactRank && module.exactRank == min(rank, exact.exactRank))
      let own = values.dropFirst(rank).reduce(0, +)
      #expect(abs((try whole.factors(of: exact).dense - factors.dense).squaredNorm - own) < 1e-9 * values.reduce(0, +))
      // What needed no cutting is not counted.
      if module.exactRank < exact.exactRank { (left, total) = (left + own, total + values.reduce(0, +)) }
    }
    let truncation = try #require(cut.modules.first { $0.bound != nil }?.bound?.truncation)
    #expect(abs(truncation.discardedEnergy - (total > 0 ? left / total : 0)) < 1e-9)
    #expect((truncation.layers > 0) == (rank < 10))
  }

  /// A layer large enough to be cut by a sketch.
  @Test func aSketchIsCloseToTheBest() throws {
    let folder = try TemporaryFolder()
    let key = "model.diffusion_model.input_blocks.4.1.transformer_blocks.0.attn1.to_q.weight"
    var state: UInt64 = 7
    func random(_ shape: Int..., scale: Float) -> MadeTensor {
      var tensor = MadeTensor(0)
      tensor.shape = shape
      tensor.values = (0..<shape.reduce(1, *)).map { _ in
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return (Float(state >> 40) / Float(1 << 24) - 0.5) * scale
      }
      return tensor
    }
    let base = try Checkpoint(path: makeFile([key: random(96, 128, scale: 1)], in: folder, "base.safetensors"))
    let adapter = try makeAdapter(["\(Self.stem).oft_blocks": random(12, 8, 8, scale: 0.5)], in: folder)
    let (whole, cut) = (try adapter.bound(to: base), try adapter.bound(to: base, rank: 8))
    let exact = try whole.factors(of: whole.modules[0])
    let values = try exact.singularValues().map { $0 * $0 }
    let factors = try cut.factors(of: cut.modules[0])
    let (missing, best) = ((exact.dense - factors.dense).squaredNorm, values.dropFirst(8).reduce(0, +))
    // A flat spectrum is the hardest for a sketch; four power iterations bring it within a hundredth of the best.
    #expect(factors.rank == 8 && missing >= best * (1 - 1e-9) && missing < 1.01 * best)
    let told = try #require(cut.modules[0].bound).truncation.discardedEnergy
    #expect(abs(told - missing / exact.squaredNorm) < 1e-6)
  }

  // MARK: - Base models that do not fit

  private static let stem = "lora_unet_input_blocks_4_1_transformer_blocks_0_attn1_to_q"

  private func refusal(
    _ tensors: [String: MadeTensor], base: [String: MadeTensor]? = nil, metadata: [String: String] = [:]
  ) throws -> AdapterError {
    let folder = try TemporaryFolder()
    let key = "model.diffusion_model.input_blocks.4.1.transformer_blocks.0.attn1.to_q.weight"
    let model = try Checkpoint(
      path: makeFile(base ?? [key: MadeTensor(6, 8)], in: folder, "base.safetensors"))
    let adapter = try makeAdapter(
      Dictionary(uniqueKeysWithValues: tensors.map { ("\(Self.stem).\($0.key)", $0.value) }), in: folder,
      metadata: metadata)
    let error = try #require(throws: AdapterError.self) {
      let bound = try adapter.bound(to: model)
      _ = try bound.factors(of: bound.modules[0])
    }
    #expect(error.path == adapter.file.path || error.path == model.path)
    return error
  }

  @Test func aLayerThatTheBaseLacks() throws {
    let other = "model.diffusion_model.input_blocks.4.1.transformer_blocks.0.attn1.to_k.weight"
    let error = try refusal(["oft_blocks": MadeTensor(3, 2, 2)], base: [other: MadeTensor(6, 8)])
    #expect(error.rule == .base && error.key == Self.stem && error.detail.contains("has no layer unet."))
  }

  @Test func anotherFamily() throws {
    let text = "model.diffusion_model.input_blocks.4.1.transformer_blocks.0.attn2.to_k.weight"
    let error = try refusal(
      ["oft_blocks": MadeTensor(3, 2, 2)], base: [text: MadeTensor(6, 768)],
      metadata: ["ss_base_model_version": "sdxl_base_v1-0"])
    #expect(error.rule == .base && error.detail.contains("is for \(Architecture.sdxl.label)"))
    #expect(error.detail.contains(Architecture.sd1.label))
  }

  /// A rotation of outputs alone does not tell its base model; the model that was given does.
  @Test func theFamilyIsThatOfTheBase() throws {
    let folder = try TemporaryFolder()
    let block = "model.diffusion_model.input_blocks.4.1.transformer_blocks.0."
    let base = try Checkpoint(
      path: makeFile(
        ["\(block)attn1.to_q.weight": MadeTensor(6, 8), "\(block)attn2.to_k.weight": MadeTensor(6, 2048)], in: folder,
        "base.safetensors"))
    let adapter = try makeAdapter(["\(Self.stem).oft_blocks": MadeTensor(3, 2, 2)], in: folder)
    #expect(adapter.architecture == .unknown && base.architecture == .sdxl)
    #expect(try adapter.bound(to: base).architecture == .sdxl)
  }

  @Test func scaledFP8() throws {
    let key = "model.diffusion_model.input_blocks.4.1.transformer_blocks.0.attn1.to_q"
    let error = try refusal(
      ["oft_blocks": MadeTensor(3, 2, 2)],
      base: ["\(key).weight": MadeTensor(6, 8), "\(key).scale_weight": MadeTensor(1)])
    #expect(error.rule == .base && error.detail.contains("scaled FP8"))
  }

  @Test func aVectorInTheBase() throws {
    let key = "model.diffusion_model.input_blocks.4.1.transformer_blocks.0.attn1.to_q.weight"
    let error = try refusal(["oft_blocks": MadeTensor(3, 2, 2)], base: [key: MadeTensor(6)])
    #expect(error.rule == .base && error.detail.contains("no weight of a layer"))
  }

  @Test(arguments: [
    (["oft_blocks": MadeTensor(3, 3, 3)], "3 blocks of 3 rotate 9 outputs"),
    (["oft_R.weight": MadeTensor(2, 3)], "2 blocks of 3 rotate 6 inputs"),
    (["oft_R.weight": MadeTensor(4, 6)], "4 blocks of 4 rotate 16 inputs"),
    (["oft_blocks": MadeTensor(3, 3, 2, 2)], "3 stages of 3 blocks of 2 cannot rotate its outputs"),
    (["boft_R": MadeTensor(3, 2, 4, 4)], "3 stages of 2 blocks of 4 cannot rotate its inputs"),
    (["boft_R": MadeTensor(1, 2, 4, 4), "boft_s": MadeTensor(8, 1)], "8 factors scale outputs"),
    (["ia3_l": MadeTensor(8, 1)], "8 numbers scale outputs"),
    (["weight": MadeTensor(6), "on_input": .number(1)], "6 numbers scale input channels"),
    (
      ["lora_up.weight": MadeTensor(5, 2), "lora_down.weight": MadeTensor(2, 8), "dora_scale": MadeTensor(5, 1)],
      "is [5, 8]"
    ),
  ])
  func otherShapes(tensors: [String: MadeTensor], words: String) throws {
    let error = try refusal(tensors)
    #expect(error.rule == .shape && error.detail.contains(words), "\(error)")
    #expect(error.detail.contains("but the base model's layer is [6, 8]; they are for different base models"))
  }

  @Test func aRotationWithLengths() throws {
    let error = try refusal(["oft_R.weight": MadeTensor(2, 6), "dora_scale": MadeTensor(6, 1)])
    #expect(error.rule == .needsBase && error.detail.contains("OFT with dora_scale"))
  }

  @Test func numbersThatAreNone() throws {
    var blocks = MadeTensor(3, 2, 2)
    blocks.values[1] = .nan
    let error = try refusal(["oft_blocks": blocks])
    #expect(error.rule == .nonFinite && error.key == "\(Self.stem).oft_blocks")
  }

  /// Without its configuration a PEFT rotation is taken as PEFT's default, and that is said.
  @Test func rotationsWithoutConfiguration() throws {
    let folder = try TemporaryFolder()
    let stem = "base_model.model.down_blocks.1.attentions.0.transformer_blocks.0.attn1.to_q"
    let adapter = try makeAdapter(["\(stem).oft_R.weight": MadeTensor(2, 6)], in: folder)
    #expect(adapter.configurationProblem?.contains("no adapter_config.json") == true)
    #expect(adapter.peftSettings.terms == 5 && adapter.peftSettings.isPEFT)
    try folder.write(#"{"peft_type": "OFT"}"#, to: "adapter_config.json")
    let old = try Adapter(path: adapter.file.path)
    #expect(old.configurationProblem == nil && old.peftSettings.terms == nil)
    for terms in ["0", "1e300", "2.5"] {
      try folder.write(
        #"{"peft_type": "OFT", "use_cayley_neumann": true, "num_cayley_neumann_terms": \#(terms)}"#,
        to: "adapter_config.json")
      let error = try #require(throws: AdapterError.self) { try Adapter(path: adapter.file.path) }
      #expect(error.rule == .sidecar && error.detail.contains("num_cayley_neumann_terms"))
    }
    try folder.write(#"{"peft_type": "OFT""#, to: "adapter_config.json")
    let error = try #require(throws: AdapterError.self) { try Adapter(path: adapter.file.path) }
    #expect(error.rule == .sidecar && error.path.hasSuffix("adapter_config.json"))
  }

  @Test func aFlagThatIsNone() throws {
    let error = try refusal(["weight": MadeTensor(6), "on_input": .number(2)])
    #expect(error.rule == .shape && error.key == "\(Self.stem).on_input" && error.detail.contains("1 means inputs"))
  }

  @Test func aConstraintThatIsNone() throws {
    let error = try refusal(["oft_blocks": MadeTensor(3, 2, 2), "alpha": .number(-1)])
    #expect(error.rule == .alpha && error.detail.contains("the constraint is -1"))
  }

  @Test func aBeginningThatIsLost() throws {
    let error = try refusal(
      ["q_layer.weight": MadeTensor(2, 8), "p_layer.weight": MadeTensor(6, 2), "lambda_layer": MadeTensor(1, 2)],
      metadata: ["ss_network_args": #"{"algo": "tlora", "use_data_init": "False"}"#])
    #expect(error.rule == .needsBase && error.detail.contains("random vectors"))
  }

  @Test func aConvolutionOfPEFTThatCouldBeEither() throws {
    let folder = try TemporaryFolder()
    let base = try Checkpoint(
      path: makeFile(
        ["model.diffusion_model.input_blocks.4.0.in_layers.2.weight": MadeTensor(6, 6, 3, 3)], in: folder,
        "b.safetensors"))
    let adapter = try makeAdapter(
      ["base_model.model.down_blocks.1.resnets.0.conv1.ia3_l": MadeTensor(1, 6, 1, 1)], in: folder)
    let error = try #require(throws: AdapterError.self) { try adapter.bound(to: base) }
    #expect(error.rule == .shape && error.detail.contains("adapter_config.json"))
    try folder.write(#"{"peft_type": "IA3", "feedforward_modules": ["conv1"]}"#, to: "adapter_config.json")
    let told = try Adapter(path: adapter.file.path)
    let bound = try told.bound(to: base)
    guard
      case .scaled(_, let axis) = try told.change(
        of: told.modules[0], on: try #require(bound.modules[0].bound).geometry)
    else {
      Issue.record("not scaled")
      return
    }
    #expect(axis == .inputs)
  }

  // MARK: - Tensors that do not fit each other

  @Test(arguments: [
    ("oft_blocks", ["oft_blocks": MadeTensor(2, 3, 2)], "square blocks"),
    ("oft_blocks", ["oft_blocks": MadeTensor(2, 2, 3, 2)], "square blocks"),
    ("oft_blocks", ["oft_blocks": MadeTensor(2, 2, 3, 3)], "even size"),
    ("oft_R.weight", ["oft_R.weight": MadeTensor(2, 4)], "upper triangles"),
    ("boft_R", ["boft_R": MadeTensor(2, 4, 4)], "square blocks"),
    (
      "a1.weight",
      [
        "a1.weight": MadeTensor(5, 2), "a2.weight": MadeTensor(3, 5), "b1.weight": MadeTensor(6, 2),
        "b2.weight": MadeTensor(2, 5),
      ], "a1 [in, r]"
    ),
    ("weight", ["weight": MadeTensor(2, 3), "on_input": .number(0)], "one number for each feature"),
    (
      "p_layer.weight",
      ["q_layer.weight": MadeTensor(2, 8), "p_layer.weight": MadeTensor(6, 3), "lambda_layer": MadeTensor(1, 2)],
      "q_layer of rank 2"
    ),
  ])
  func shapesThatDoNotFit(key: String, tensors: [String: MadeTensor], words: String) throws {
    let folder = try TemporaryFolder()
    let error = try #require(throws: AdapterError.self) {
      try makeAdapter(
        Dictionary(uniqueKeysWithValues: tensors.map { ("\(Self.stem).\($0.key)", $0.value) }), in: folder)
    }
    #expect(error.rule == .shape && error.key == "\(Self.stem).\(key)" && error.detail.contains(words), "\(error)")
  }

  @Test func sparseNumbersOutsideTheLayer() throws {
    let folder = try TemporaryFolder()
    for (indices, values, words) in [
      ([0, 9], 1, "the index 9.0 is outside"), ([0, 1, 2], 1, "3 indices and 1 values"),
    ] as [([Float], Int, String)] {
      var tensors = pair(Self.stem)
      var places = MadeTensor(indices.count, values: indices)
      places.shape = indices.count == 2 ? [2, 1] : [3, 1]
      tensors["\(Self.stem).bias_indices"] = places
      tensors["\(Self.stem).bias_values"] = MadeTensor(values)
      tensors["\(Self.stem).bias_size"] = MadeTensor(2, values: [6, 5])
      let adapter = try makeAdapter(tensors, in: folder, "\(indices.count).safetensors")
      #expect(adapter.modules[0].exactRank == 5 && !adapter.modules[0].isPair)
      let error = try #require(throws: AdapterError.self) { try adapter.factors(of: adapter.modules[0]) }
      #expect(error.rule == .shape && error.detail.contains(words), "\(error)")
    }
  }

  /// LyCORIS stores GLoRA's own alpha where it divides by the square root of the rank, and for no other variant.
  @Test func rankStabilisedGLoRA() throws {
    let folder = try TemporaryFolder()
    let tensors = [
      "a1.weight": MadeTensor(5, 4), "a2.weight": MadeTensor(4, 5), "b1.weight": MadeTensor(6, 4),
      "b2.weight": MadeTensor(4, 5), "alpha": .number(2),
    ]
    let named = Dictionary(uniqueKeysWithValues: tensors.map { ("\(Self.stem).\($0.key)", $0.value) })
    let plain = try makeAdapter(named, in: folder)
    #expect(plain.modules[0].scale == 0.5 && plain.modules[0].rank == 4)
    let stabilised = try makeAdapter(
      named, in: folder, "rs.safetensors", metadata: ["ss_network_args": #"{"rs_lora": "True"}"#])
    #expect(stabilised.modules[0].scale == 1)
  }
}
