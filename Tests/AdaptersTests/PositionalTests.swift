import SafeTensors
import Testing

@testable import Adapters

@Suite("Numbered layers")
struct PositionalTests {
  private static let attention = #"["CrossAttention", "Attention", "GEGLU"]"#

  /// The tensors of a network as cloneofsimo writes them, with a rank of 1.
  private func tensors(_ layers: [PositionalLayers.Layer], network: String = "unet")
    -> [(name: String, dtype: DType, shape: [Int])]
  {
    layers.enumerated().flatMap { number, layer in
      [
        ("\(network):\(number):up", DType.f16, [layer.outputs, 1] + layer.kernel.map { _ in 1 }),
        ("\(network):\(number):down", .f16, [1, layer.channels] + layer.kernel),
      ]
    }
  }

  private func adapter(
    _ tensors: [(name: String, dtype: DType, shape: [Int])], _ metadata: [String: String]
  ) throws -> Adapter {
    let folder = try TemporaryFolder()
    return try Adapter(path: makeHollowFile(tensors, in: folder, metadata: metadata))
  }

  @Test func everyOrderIsTold() throws {
    let models = PositionalModel.candidates(.unet, classes: ["CrossAttention", "GEGLU"])
    #expect(models.count == 4 && models.allSatisfy { $0.count == 144 })
    for (model, architecture) in zip(models, [Architecture.sd1, .sd1, .sd2, .sd2]) {
      let adapter = try adapter(tensors(model), ["unet": Self.attention])
      #expect(adapter.modules.count == 144 && adapter.architecture == architecture && adapter.unmatched.isEmpty)
      for (number, layer) in model.enumerated() {
        let module = try #require(adapter.modules.first { $0.stem == "unet:\(number)" })
        #expect(module.path == layer.path && module.scale == 1 && module.dialect == .cloneofsimo)
      }
    }
  }

  /// With residual blocks: their convolutions come after their block's attentions, and the middle last.
  @Test func convolutions() throws {
    let model = try #require(
      PositionalModel.candidates(.unet, classes: ["ResnetBlock2D", "CrossAttention", "Attention", "GEGLU"]).first)
    #expect(model.count == 224)
    let names = model.map(\.path.name)
    #expect(names[18] == "down_blocks.0.resnets.0.conv1" && names[223] == "mid_block.resnets.1.conv2")
    let first = try #require(names.firstIndex(of: "up_blocks.3.resnets.0.conv1"))
    #expect(model[first].channels == 960 && model[first].kernel == [3, 3])
    let adapter = try adapter(
      tensors(model), ["unet": #"["ResnetBlock2D", "CrossAttention", "Attention", "GEGLU"]"#])
    #expect(adapter.modules.count == 224 && adapter.modules.count { $0.variant == .locon } == 44)
  }

  @Test(arguments: [(0, 768, 48), (1, 1024, 92)]) func textEncoders(candidate: Int, width: Int, count: Int) throws {
    let model = PositionalModel.candidates(.textEncoder1, classes: ["CLIPAttention"])[candidate]
    #expect(model.count == count && model[0].outputs == width)
    #expect(
      model.prefix(4).map { $0.path.name.split(separator: ".").last } == ["k_proj", "v_proj", "q_proj", "out_proj"])
    let adapter = try adapter(
      tensors(model, network: "text_encoder"), ["text_encoder": #"["CLIPAttention"]"#])
    #expect(adapter.modules.count == count && adapter.modules.allSatisfy { $0.path.part == .textEncoder1 })
  }

  /// Without metadata the usual classes are taken where everything fits them.
  @Test func withoutMetadata() throws {
    let model = try #require(PositionalModel.candidates(.unet, classes: ["Attention", "GEGLU"]).first)
    #expect(try adapter(tensors(model), [:]).modules.count == 144)
    let short = try adapter(
      tensors(Array(model.prefix(20))) + [("lora_unet_conv_in.lora_up.weight", .f16, [4, 1])], [:])
    #expect(short.modules.isEmpty && short.unmatched.count == 41)
    #expect(short.unmatched.count { $0.reason.contains("without the list of classes") } == 40)
  }

  private func failure(
    _ tensors: [(name: String, dtype: DType, shape: [Int])], _ classes: String
  ) throws -> AdapterError {
    let error = try #require(throws: AdapterError.self) { try adapter(tensors, ["unet": classes]) }
    #expect(error.rule == .positions, "\(error)")
    return error
  }

  @Test func whatDoesNotFit() throws {
    let model = try #require(PositionalModel.candidates(.unet, classes: ["Attention", "GEGLU"]).first)
    let unknown = try failure(tensors(model), #"["FeedForward"]"#)
    #expect(unknown.key == "unet" && unknown.detail.contains("“FeedForward”"))
    let few = try failure(tensors(Array(model.dropLast())), Self.attention)
    #expect(few.key == "unet" && few.detail.contains("numbers 143 layers up to 142") && few.detail.contains("have 144"))
    var wrong = model
    wrong[6].channels = 700
    let shape = try failure(tensors(wrong), Self.attention)
    #expect(shape.key == "unet:6" && shape.detail.contains("is [320, 700]") && shape.detail.contains("[320, 768]"))
    let half = try failure(tensors(model).filter { $0.name != "unet:3:down" }, Self.attention)
    #expect(half.key == "unet:3" && half.detail.contains("has no down"))
    #expect(try failure(tensors(model), "[]").detail.contains("no class of layers"))
  }
}

@Suite("Bundled embeddings")
struct BundledEmbeddingTests {
  private func adapter(_ keys: [String: MadeTensor], metadata: [String: String] = [:]) throws -> Adapter {
    let folder = try TemporaryFolder()
    return try makeAdapter(
      pair("lora_unet_mid_block_attentions_0_proj_in").merging(keys) { a, _ in a }, in: folder, metadata: metadata)
  }

  @Test(arguments: [
    ("bundle_emb.konrad.clip_l", [2, 768], "konrad", BundledEmbedding.Encoder.clipL, false),
    ("bundle_emb.konrad.clip_g", [3, 1280], "konrad", .clipG, false),
    ("bundle_emb.v1.5 look.clip_g_out", [1, 1280], "v1.5 look", .clipG, true),
    ("bundle_emb.konrad.t5", [2, 4096], "konrad", .t5, false),
    ("bundle_emb.konrad.string_to_param.*", [4, 768], "konrad", .clipL, false),
    ("bundle_emb.konrad.string_to_param.*", [4, 1024], "konrad", .openCLIPH, false),
    ("bundle_emb.konrad.emb_params", [1, 1280], "konrad", .clipG, false),
    ("bundle_emb.konrad.emb_params", [1, 99], "konrad", .unknown, false),
  ])
  func names(key: String, shape: [Int], token: String, encoder: BundledEmbedding.Encoder, isOutput: Bool) throws {
    let adapter = try adapter([key: MadeTensor(shape[0], shape[1])])
    let embedding = try #require(adapter.embeddings.first)
    #expect(adapter.embeddings.count == 1 && adapter.unmatched.isEmpty && embedding.token == token)
    let vectors = try #require(embedding.vectors.first)
    #expect(vectors.encoder == encoder && vectors.isOutput == isOutput)
    #expect([vectors.count, vectors.width] == shape && vectors.tensor.name == key)
  }

  @Test func oneTokenForTwoEncoders() throws {
    let adapter = try adapter([
      "bundle_emb.a.clip_l": MadeTensor(2, 768), "bundle_emb.a.clip_g": MadeTensor(2, 1280),
      "bundle_emb.b.clip_l": MadeTensor(1, 768),
    ])
    #expect(Set(adapter.embeddings.map(\.token)) == ["a", "b"])
    #expect(Set(adapter.embeddings.first { $0.token == "a" }?.vectors.map(\.encoder) ?? []) == [.clipL, .clipG])
  }

  @Test func whatIsNone() throws {
    let adapter = try adapter([
      "bundle_emb.a.other": MadeTensor(2, 768), "bundle_emb..clip_l": MadeTensor(2, 768), "<s1>": MadeTensor(768),
    ])
    #expect(adapter.embeddings.isEmpty && adapter.unmatched.count == 3)
    let marked = try self.adapter(["<s1>": MadeTensor(768)], metadata: ["<s1>": "<embed>"])
    #expect(marked.embeddings.map(\.token) == ["<s1>"] && marked.embeddings[0].vectors[0].count == 1)
  }
}
