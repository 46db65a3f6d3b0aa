import SafeTensors
import Testing

@testable import Adapters

@Suite("Where alpha comes from")
struct AlphaTests {
  private static let stem = "lora_unet_mid_block_attentions_0_transformer_blocks_0_attn1_to_q"
  private static let name = "mid_block.attentions.0.transformer_blocks.0.attn1.to_q"
  /// The same layer in PEFT's letters, which store no alpha; rank 4.
  private static let peft = [
    "unet.\(name).lora_B.weight": MadeTensor(6, 4), "unet.\(name).lora_A.weight": MadeTensor(4, 5),
  ]

  private func module(
    _ tensors: [String: MadeTensor], _ folder: TemporaryFolder, metadata: [String: String] = [:]
  ) throws -> AdapterModule {
    try #require(try makeAdapter(tensors, in: folder, metadata: metadata).modules.first)
  }

  @Test func tensor() throws {
    let module = try module(pair(Self.stem, rank: 4, alpha: 2), TemporaryFolder())
    #expect(module.alpha == Alpha(value: 2, source: .tensor) && module.scale == 0.5)
  }

  @Test func asAVectorOfOne() throws {
    var tensors = pair(Self.stem, rank: 4)
    tensors["\(Self.stem).alpha"] = MadeTensor(1, values: [1])
    #expect(try module(tensors, TemporaryFolder()).scale == 0.25)
  }

  @Test func assumed() throws {
    let module = try module(pair(Self.stem, rank: 4), TemporaryFolder())
    #expect(module.alpha == Alpha(value: 4, source: .assumed) && module.scale == 1)
  }

  /// LyCORIS takes a stored 0 for "none"; multiplied, it would silence the layer.
  @Test func zero() throws {
    let module = try module(pair(Self.stem, rank: 4, alpha: 0), TemporaryFolder())
    #expect(module.alpha == Alpha(value: 4, source: .assumed) && module.scale == 1)
  }

  @Test func negative() throws {
    #expect(try module(pair(Self.stem, rank: 4, alpha: -2), TemporaryFolder()).scale == -0.5)
  }

  // MARK: - The header's configuration

  @Test func header() throws {
    let metadata = [
      "lora_adapter_metadata":
        #"{"unet.lora_alpha": 8, "unet.r": 16, "unet.rank_pattern": {"attn1.to_q": 99}}"#
    ]
    let module = try module(Self.peft, TemporaryFolder(), metadata: metadata)
    // The rank is the tensors', whatever the configuration says of it.
    #expect(module.alpha == Alpha(value: 8, source: .metadata) && module.scale == 2 && module.rank == 4)
  }

  @Test func headerOfAnotherNetwork() throws {
    let module = try module(
      Self.peft, TemporaryFolder(), metadata: ["lora_adapter_metadata": #"{"text_encoder.lora_alpha": 8}"#])
    #expect(module.alpha.source == .assumed && module.scale == 1)
  }

  @Test(
    arguments: [
      ("attn1.to_q", 2.0), ("to_q", 2), (name, 2), ("mid_block.*to_q", 2), (".*attn1.to_q", 2),
      ("attn1.to_k", 8),
      ("tn1.to_q", 8), ("attn1", 8), ("[", 8),
    ] as [(String, Double)])
  func alphaPattern(pattern: String, alpha: Double) throws {
    let json = #"{"unet.lora_alpha": 8, "unet.alpha_pattern": {"nowhere": 1, "\#(pattern)": 2}}"#
    let module = try module(Self.peft, TemporaryFolder(), metadata: ["lora_adapter_metadata": json])
    #expect(module.alpha.value == alpha && module.scale == alpha / 4)
  }

  @Test func rankStabilised() throws {
    for (flag, scale) in [("true", 4.0), ("false", 2)] {
      let module = try module(
        Self.peft, TemporaryFolder(),
        metadata: ["lora_adapter_metadata": #"{"unet.lora_alpha": 8, "unet.use_rslora": \#(flag)}"#])
      #expect(module.scale == scale, "8 over the root of 4, or over 4")
    }
  }

  /// A damaged configuration in the header is a warning: the file itself is sound.
  @Test(arguments: ["{", "[]", "{\"unet.lora_alpha\": \"8\"}", "null"])
  func damagedHeader(text: String) throws {
    let folder = try TemporaryFolder()
    let adapter = try makeAdapter(Self.peft, in: folder, metadata: ["lora_adapter_metadata": text])
    #expect(adapter.modules[0].alpha.source == .assumed)
    #expect((adapter.configurationProblem != nil) == (text == "{"))
  }

  @Test func tensorBeforeHeader() throws {
    var tensors = Self.peft
    tensors["unet.\(Self.name).alpha"] = .number(1)
    let module = try module(
      tensors, TemporaryFolder(), metadata: ["lora_adapter_metadata": #"{"unet.lora_alpha": 8}"#])
    #expect(module.alpha == Alpha(value: 1, source: .tensor))
  }

  // MARK: - The file beside it

  @Test func sidecar() throws {
    let folder = try TemporaryFolder()
    try folder.write(#"{"r": 4, "lora_alpha": 16, "alpha_pattern": {}}"#, to: "adapter_config.json")
    let module = try module(Self.peft, folder)
    #expect(module.alpha == Alpha(value: 16, source: .adapterConfig) && module.scale == 4)
  }

  @Test func sidecarPatternsAndRoot() throws {
    let folder = try TemporaryFolder()
    try folder.write(
      #"{"lora_alpha": 16, "alpha_pattern": {"to_q": 6}, "use_rslora": true}"#, to: "adapter_config.json")
    #expect(try module(Self.peft, folder).scale == 3, "6 over the root of 4")
  }

  @Test func headerBeforeSidecar() throws {
    let folder = try TemporaryFolder()
    try folder.write(#"{"lora_alpha": 16}"#, to: "adapter_config.json")
    let module = try module(
      Self.peft, folder, metadata: ["lora_adapter_metadata": #"{"unet.lora_alpha": 8}"#])
    #expect(module.alpha == Alpha(value: 8, source: .metadata))
  }

  @Test func sidecarWithoutAlpha() throws {
    let folder = try TemporaryFolder()
    try folder.write(#"{"peft_type": "LOHA"}"#, to: "adapter_config.json")
    #expect(try module(Self.peft, folder).alpha.source == .assumed)
  }

  /// The configuration is of a PEFT adapter; other LoRAs in the same folder have nothing to do with it.
  @Test func sidecarOfAnotherFile() throws {
    let folder = try TemporaryFolder()
    try folder.write("not JSON at all", to: "adapter_config.json")
    #expect(try module(pair(Self.stem, rank: 4), folder).alpha.source == .assumed)
  }
}
