import Adapters
import Diffusion
import SafeTensors
import Testing
import Torch

@testable import Trainer

/// Files as every tool reads them.
@Suite struct RunLoRAFileTests {
  private let folder: TemporaryFolder
  private var path: String { folder.path("a.safetensors") }

  init() throws { folder = try TemporaryFolder() }

  /// Read back, each layer's change is what was trained.
  @Test(arguments: ["sd1", "sdxl"], CastConfiguration.Output.Format.allCases) func changesComeBack(
    _ name: String, _ format: CastConfiguration.Output.Format
  ) throws {
    let model = try CastFixture.model(name)
    let network = try NetworkFixture.network(name) { $0.kind = .locon }
    try LoRAFile(architecture: model.configuration.family, format: format).write(
      network, 1, metadata: ["a": "b"], to: path)
    let adapter = try Adapter(path: path)
    #expect(adapter.modules.count == network.layers.count && adapter.file.header.metadata["a"] == "b")
    let hash = try #require(adapter.file.header.metadata[SafeTensorsWriter.hashKey])
    #expect(hash.count == 64 && hash != String(repeating: "0", count: 64))
    // Half a unit in the last place of the format, of each factor.
    let precision = format == .f32 ? 1e-6 : format == .f16 ? 6e-4 : 5e-3
    for layer in network.layers {
      let module = try #require(adapter.modules.first { $0.path == layer.path })
      #expect(module.tensors[.up]?.dtype.rawValue.lowercased() == format.rawValue)
      let (up, down) = try (
        Tensor(adapter.file.readFloats(#require(module.tensors[.up]))).reshaped(layer.site.shape[0], -1),
        Tensor(adapter.file.readFloats(#require(module.tensors[.down]))).reshaped(layer.factors[1].down.size(0), -1)
      )
      let factors = layer.factors[1]
      let rank = try factors.down.size(0)
      let expected: Tensor =
        try factors.up.detached().reshaped(-1, rank).matrixProduct(
          factors.down.detached().reshaped(rank, -1)) * factors.scale
      let difference = try up.matrixProduct(down) * module.scale - expected
      #expect(
        try difference.absolute().maximum().item() <= precision * expected.absolute().maximum().item() * 3,
        "\(layer.path)")
      #expect(abs(module.scale - factors.scale) < 1e-6)
    }
  }

  @Test func namesAreSdScripts() throws {
    for (name, expected) in [
      (
        "sd1",
        [
          "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn2_to_k.lora_down.weight",
          "lora_unet_mid_block_attentions_0_proj_in.alpha",
          "lora_te_text_model_encoder_layers_0_self_attn_q_proj.lora_up.weight",
        ]
      ),
      (
        "sdxl",
        [
          "lora_unet_input_blocks_4_1_transformer_blocks_0_attn2_to_k.lora_down.weight",
          "lora_unet_middle_block_1_proj_in.alpha",
          "lora_te1_text_model_encoder_layers_0_self_attn_q_proj.lora_up.weight",
          "lora_te2_text_model_encoder_layers_0_mlp_fc1.lora_up.weight",
        ]
      ),
    ] {
      let family = try CastFixture.model(name).configuration.family
      try LoRAFile(architecture: family, format: .f16).write(
        NetworkFixture.network(name), 0, metadata: [:], to: path)
      let file = try SafeTensorsFile(path: path)
      for key in expected { #expect(file[key] != nil, "\(key)") }
      #expect(file.header.tensors.allSatisfy { $0.name.hasSuffix(".alpha") == ($0.dtype == .f32) })
      #expect(file.header.tensors.allSatisfy { !$0.name.hasSuffix(".alpha") || $0.shape.isEmpty })
    }
  }

  @Test func numbersTheFormatDoesNotHold() throws {
    let network = try NetworkFixture.network(names: ["x"])
    try withoutGradients { _ = try network.layers[2].factors[0].up.fill(70000) }
    for format in CastConfiguration.Output.Format.allCases {
      let file = LoRAFile(architecture: .sd1, format: format)
      if format == .f16 {
        expectError(path, "lora_up.weight", "not finite in", "\"bf16\" or \"f32\"") {
          try file.write(network, 0, metadata: [:], to: path)
        }
      } else {
        try file.write(network, 0, metadata: [:], to: path)
      }
    }
    // What was there before stays when writing fails.
    let before = try CastFixture.numbers(path)
    try withoutGradients { _ = try network.layers[2].factors[0].up.fill(.nan) }
    expectError("not finite") {
      try LoRAFile(architecture: .sd1, format: .f32).write(network, 0, metadata: [:], to: path)
    }
    #expect(try CastFixture.numbers(path) == before)
  }

  /// A run that goes on from a file begins with its numbers, one for all or each.
  @Test(arguments: CastConfiguration.Network.Mode.allCases) func runsGoOnFromAFile(
    _ mode: CastConfiguration.Network.Mode
  ) throws {
    var fixture = try CastFixture()
    (fixture.cast.training.steps, fixture.cast.network.rank, fixture.cast.network.alpha) = (1, 3, 2)
    let targets = fixture.cast.network.targets
    let first = try NetworkFixture.network(names: ["x"]) { $0.targets = targets }
    try LoRAFile(architecture: .sd1, format: .f32).write(
      first, 0, metadata: [:], to: fixture.folder.path("first.safetensors"))
    (fixture.cast.network.continues, fixture.cast.network.mode) = ("first.safetensors", mode)
    let (run, events) = try fixture.run()
    for lora in 0..<run.network.count {
      for (layer, old) in zip(run.network.layers, first.layers) {
        #expect(try layer.factors[lora].up.bytes() == old.factors[0].up.bytes())
        #expect(try layer.factors[lora].down.bytes() == old.factors[0].down.bytes())
      }
    }
    try run.run()
    let written = try events.paths.map { try CastFixture.numbers($0) }
    #expect(try written.allSatisfy { try $0 != CastFixture.numbers(fixture.folder.path("first.safetensors")) })
    if written.count == 2 { #expect(written[0] != written[1]) }
    fixture.cast.network.continues = "gone.safetensors"
    expectError("gone.safetensors") { try fixture.run(output: "other") }
  }
}
