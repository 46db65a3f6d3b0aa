import Foundation
import SafeTensors
import Testing

@testable import Adapters

@Suite("Adapters that are refused")
struct AdapterErrorTests {
  private static let stem = "lora_unet_mid_block_attentions_0_transformer_blocks_0_attn1_to_q"

  /// Opens a file of these tensors, which must be refused.
  private func failure(_ tensors: [String: MadeTensor], _ rule: AdapterError.Rule) throws -> AdapterError {
    let folder = try TemporaryFolder()
    let path = try makeFile(tensors, in: folder)
    let error = try #require(throws: AdapterError.self) { try Adapter(path: path) }
    #expect(error.rule == rule, "\(error)")
    #expect(
      error.path == path && error.description.hasPrefix("\(path): ")
        && error.description.hasSuffix("[\(rule.rawValue)]"))
    return error
  }

  private func named(_ tensors: [String: MadeTensor]) -> [String: MadeTensor] {
    Dictionary(uniqueKeysWithValues: tensors.map { ("\(Self.stem).\($0.key)", $0.value) })
  }

  @Test func notAnAdapter() throws {
    for tensors in [
      [:], ["model.diffusion_model.input_blocks.0.0.weight": MadeTensor(2, 2)],
      ["\(Self.stem).alpha": .number(1)],
    ] {
      #expect(try failure(tensors, .notAdapter).detail.contains("(\(tensors.count) tensors)"))
    }
  }

  @Test(
    arguments: [
      ("lora_up.weight", ["lora_up.weight": MadeTensor(6, 3), "lora_down.weight": MadeTensor(2, 5)]),
      ("lora_up.weight", ["lora_up.weight": MadeTensor(6), "lora_down.weight": MadeTensor(2, 5)]),
      ("lora_down.weight", ["lora_up.weight": MadeTensor(6, 2), "lora_down.weight": MadeTensor(2, 0)]),
      (
        "lora_mid.weight",
        [
          "lora_up.weight": MadeTensor(6, 2), "lora_down.weight": MadeTensor(2, 5),
          "lora_mid.weight": MadeTensor(3, 2, 3, 3),
        ]
      ),
      (
        "lora_mid.weight",
        [
          "lora_up.weight": MadeTensor(6, 2), "lora_down.weight": MadeTensor(2, 5),
          "lora_mid.weight": MadeTensor(2, 2),
        ]
      ),
      (
        "hada_w1_a",
        [
          "hada_w1_a": MadeTensor(6, 2), "hada_w1_b": MadeTensor(2, 5), "hada_w2_a": MadeTensor(7, 2),
          "hada_w2_b": MadeTensor(2, 5),
        ]
      ),
      (
        "hada_w1_a",
        [
          "hada_w1_a": MadeTensor(6, 2), "hada_w1_b": MadeTensor(2, 5), "hada_w2_a": MadeTensor(6, 2),
          "hada_w2_b": MadeTensor(3, 5),
        ]
      ),
      (
        "hada_t1",
        [
          "hada_w1_a": MadeTensor(2, 6), "hada_w1_b": MadeTensor(2, 5), "hada_w2_a": MadeTensor(2, 6),
          "hada_w2_b": MadeTensor(2, 5), "hada_t1": MadeTensor(2, 2, 3, 3), "hada_t2": MadeTensor(2, 2, 1, 1),
        ]
      ),
      (
        "lokr_w1",
        ["lokr_w1": MadeTensor(2, 2), "lokr_w2_a": MadeTensor(3, 2), "lokr_w2_b": MadeTensor(4, 3)]
      ),
      (
        "lokr_w1_a",
        ["lokr_w1_a": MadeTensor(2, 3), "lokr_w1_b": MadeTensor(2, 2), "lokr_w2": MadeTensor(3, 3)]
      ),
      (
        "lokr_w1",
        [
          "lokr_w1": MadeTensor(2, 2), "lokr_w2_a": MadeTensor(2, 4), "lokr_w2_b": MadeTensor(2, 3),
          "lokr_t2": MadeTensor(3, 2, 3, 3),
        ]
      ),
      ("diff", ["diff": MadeTensor(0, 4)]),
    ] as [(String, [String: MadeTensor])])
  func shapes(key: String, tensors: [String: MadeTensor]) throws {
    let error = try failure(named(tensors), .shape)
    #expect(error.key == "\(Self.stem).\(key)", "\(error)")
    #expect(error.description.contains("\(Self.stem).\(key)"))
  }

  /// The shape of a tensor stands in the message.
  @Test func theShapeIsShown() throws {
    let error = try failure(
      named(["lora_up.weight": MadeTensor(6, 3), "lora_down.weight": MadeTensor(2, 5)]), .shape)
    #expect(error.detail.contains("[6, 3]") && error.detail.contains("rank 2"))
  }

  @Test(arguments: [
    ["lora_te_text_model_encoder_layers_0_mlp_fc1", "lora_te1_text_model_encoder_layers_0_mlp_fc1"],
    [stem, "lora_unet_middle_block_1_transformer_blocks_0_attn1_to_q"],
    [stem, "unet.mid_block.attentions.0.transformer_blocks.0.attn1.to_q"],
  ])
  func twice(stems: [String]) throws {
    let error = try failure(stems.reduce(into: [:]) { $0.merge(pair($1)) { a, _ in a } }, .twice)
    #expect(stems.contains(try #require(error.key)))
    #expect(stems.allSatisfy { error.description.contains($0) })
  }

  @Test(arguments: [Float.nan, .infinity, -.infinity])
  func alphaIsNoNumber(value: Float) throws {
    #expect(try failure(pair(Self.stem, alpha: value), .alpha).key == "\(Self.stem).alpha")
  }

  @Test func alphaIsManyNumbers() throws {
    var tensors = pair(Self.stem)
    tensors["\(Self.stem).alpha"] = MadeTensor(2)
    #expect(try failure(tensors, .alpha).detail.contains("2 numbers"))
    tensors["\(Self.stem).alpha"] = MadeTensor(0)
    #expect(try failure(tensors, .alpha).detail.contains("0 numbers"))
  }

  @Test func alphaHasNoNumericFormat() throws {
    let folder = try TemporaryFolder()
    let path = try makeHollowFile(
      [
        ("\(Self.stem).lora_up.weight", .f32, [6, 2]), ("\(Self.stem).lora_down.weight", .f32, [2, 5]),
        ("\(Self.stem).alpha", .c64, []),
      ], in: folder)
    let error = try #require(throws: AdapterError.self) { try Adapter(path: path) }
    #expect(error.rule == .alpha && error.key == "\(Self.stem).alpha")
  }

  // MARK: - The file beside it

  private func sidecarFailure(_ prepare: (TemporaryFolder) throws -> Void) throws -> AdapterError {
    let folder = try TemporaryFolder()
    try prepare(folder)
    let error = try #require(throws: AdapterError.self) {
      try makeAdapter(
        [
          "base_model.model.mid_block.attentions.0.proj_in.lora_A.weight": MadeTensor(2, 5),
          "base_model.model.mid_block.attentions.0.proj_in.lora_B.weight": MadeTensor(6, 2),
        ], in: folder)
    }
    #expect(error.rule == .sidecar && error.path == folder.path("adapter_config.json"))
    return error
  }

  @Test(arguments: ["", "{", "{\"lora_alpha\": 16,}", "lora_alpha = 16", "{\"lora_alpha\": 1e999}"])
  func damagedSidecar(text: String) throws {
    let error = try sidecarFailure { try $0.write(text, to: "adapter_config.json") }
    #expect(error.detail.contains("is not JSON"))
  }

  @Test func unreadableSidecar() throws {
    let error = try sidecarFailure {
      try FileManager.default.createDirectory(
        atPath: $0.path("adapter_config.json"), withIntermediateDirectories: false)
    }
    #expect(error.detail.contains("folder"))
  }

  @Test func containerErrorsPassThrough() throws {
    let folder = try TemporaryFolder()
    let error = try #require(throws: SafeTensorsError.self) {
      try Adapter(path: folder.path("none.safetensors"))
    }
    #expect(error.rule == .cannotOpen)
  }
}
