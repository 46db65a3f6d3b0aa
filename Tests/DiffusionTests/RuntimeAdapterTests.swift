import Adapters
import Diffusion
import Foundation
import LinearAlgebra
import SafeTensors
import Testing
import Torch

/// Adapters of every kind acting while the UNet runs, against PEFT and diffusers (DoRA below full strength against the
/// bake's formula): see `Tests/Fixtures/diffusion/unet/README.md`.
@Suite("Adapters at run time") struct RuntimeAdapterTests {
  /// Outputs are around 1 and F32 differs from F64 by up to 1e-5; the issue's own bound for adapters is 1e-4.
  static let tolerance = 1e-4

  static func output(
    _ fixture: UNetFixture, _ adapters: [(String, Strength)]
  ) throws -> (Tensor, FixtureTensors) {
    let unet = try fixture.unet()
    let set = try AdapterSet(adapters.map { (try fixture.adapter($0.0), $0.1) })
    let output = try withoutGradients {
      try UNetTests.run(unet, fixture.tensors("training"), "input", Pass(adapters: set))
    }
    return (output, try fixture.tensors("adapters"))
  }

  static let cases: [(String, [(String, Strength)])] = [
    ("base", []),
    ("lora@1", [("lora_kohya", .uniform(1))]), ("lora@0.6", [("lora_kohya", .uniform(0.6))]),
    ("second@1", [("second_kohya", .uniform(1))]),
    ("lora@0.8+second@0.5", [("lora_kohya", .uniform(0.8)), ("second_kohya", .uniform(0.5))]),
    ("switched", [("lora_kohya", .perSample([1, 0])), ("second_kohya", .perSample([0, 1]))]),
    ("dora@1", [("dora_kohya", .uniform(1))]), ("dora@0.6", [("dora_kohya", .uniform(0.6))]),
    ("loha@1", [("loha", .uniform(1))]), ("loha@0.6", [("loha", .uniform(0.6))]),
    ("lokr@1", [("lokr", .uniform(1))]), ("lokr@0.6", [("lokr", .uniform(0.6))]),
  ]

  @Test(arguments: UNetTests.families, cases.indices) func outputsAreThoseOfPEFT(family: String, index: Int) throws {
    let (key, adapters) = Self.cases[index]
    let (output, expected) = try Self.output(UNetFixture(family), adapters)
    #expect(try largestDifference(output, expected[key]) < Self.tolerance, "\(key)")
  }

  @Test func diffusersNamesActAlike() throws {
    let (output, expected) = try Self.output(UNetFixture("sd15"), [("lora_diffusers", .uniform(1))])
    #expect(try largestDifference(output, expected["lora@1"]) < Self.tolerance)
  }

  /// Each sample of a batch with its own strengths gives what a batch of that strength alone gives, DoRA included.
  @Test(arguments: ["lora_kohya", "dora_kohya", "lokr"]) func strengthsDifferBetweenSamples(file: String) throws {
    let mixed = try Self.output(UNetFixture("sdxl"), [(file, .perSample([0.6, 1]))]).0
    let weak = try Self.output(UNetFixture("sdxl"), [(file, .uniform(0.6))]).0
    let full = try Self.output(UNetFixture("sdxl"), [(file, .uniform(1))]).0
    #expect(try largestDifference(mixed.selected(0, 0), weak.selected(0, 0)) < 1e-5)
    #expect(try largestDifference(mixed.selected(0, 1), full.selected(0, 1)) < 1e-5)
    #expect(try largestDifference(weak, full) > 1e-2, "the strengths make a difference")
  }

  @Test func weightsOfLayersMultiplyTheStrength() throws {
    let fixture = UNetFixture("sdxl")
    let unet = try fixture.unet()
    let lora = try fixture.adapter("lora_kohya")
    let inputs = try fixture.tensors("training")
    func run(_ set: AdapterSet) throws -> Tensor {
      try withoutGradients { try UNetTests.run(unet, inputs, "input", Pass(adapters: set)) }
    }
    let none = try run(AdapterSet([(lora, .uniform(1))]) { _, _ in 0 })
    #expect(try largestDifference(none, run(AdapterSet())) == 0)
    let half = try run(AdapterSet([(lora, .uniform(1))]) { _, _ in 0.6 })
    #expect(try largestDifference(half, run(AdapterSet([(lora, .uniform(0.6))]))) < 1e-6)
  }

  @Test func whatCannotActIsSaid() throws {
    let fixture = UNetFixture("sd15")
    let unet = try fixture.unet()
    let inputs = try fixture.tensors("training")
    let set = try AdapterSet([(fixture.adapter("lora_kohya"), .perSample([1, 1, 1]))])
    let count = #expect(throws: DiffusionError.self) {
      try UNetTests.run(unet, inputs, "input", Pass(adapters: set))
    }
    #expect(count?.description == "3 strengths were given for a batch of 2 samples")
    let other = UNetFixture("sdxl")
    _ = try other.unet()
    let foreign = #expect(throws: DiffusionError.self) {
      try LoadedAdapter(
        Adapter(path: "\(UNetFixture.root)/sd15/lora_kohya.safetensors"), sites: other.sites, .f32, on: .cpu)
    }
    #expect(foreign?.description.contains("for another base model") == true)
    #expect(foreign?.description.contains("sd15/lora_kohya.safetensors") == true)
  }

  /// Changes of biases and norms act as if they were added to the base model's own numbers.
  @Test func biasesAndNormsActAsIfBaked() throws {
    let changes: [(stem: String, role: String, parameter: String, count: Int)] = [
      ("lora_unet_down_blocks_0_resnets_0_conv1", "diff_b", "down_blocks.0.resnets.0.conv1.bias", 8),
      ("lora_unet_down_blocks_1_attentions_0_proj_in", "diff_b", "down_blocks.1.attentions.0.proj_in.bias", 8),
      ("lora_unet_mid_block_resnets_0_norm1", "w_norm", "mid_block.resnets.0.norm1.weight", 12),
      ("lora_unet_mid_block_resnets_0_norm1", "b_norm", "mid_block.resnets.0.norm1.bias", 12),
    ]
    let path = FileManager.default.temporaryDirectory.appending(path: "vectors-\(UUID()).safetensors").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    var header: [String: Any] = [:]
    var numbers: [Float] = []
    for change in changes {
      let start = numbers.count * 4
      numbers += (0..<change.count).map { 0.1 + 0.05 * Float($0) }
      header["\(change.stem).\(change.role)"] =
        [
          "dtype": "F32", "shape": [change.count], "data_offsets": [start, numbers.count * 4],
        ] as [String: Any]
    }
    let text = try JSONSerialization.data(withJSONObject: header)
    var bytes = withUnsafeBytes(of: UInt64(text.count).littleEndian) { Data($0) }
    bytes += text + numbers.withUnsafeBytes { Data($0) }
    try bytes.write(to: URL(filePath: path))

    let fixture = UNetFixture("sdxl")
    let inputs = try fixture.tensors("training")
    let unet = try fixture.unet()
    let loaded = try LoadedAdapter(Adapter(path: path), sites: fixture.sites, .f32, on: .cpu)
    #expect(loaded.count == 3)
    let set = try AdapterSet([(loaded, .uniform(0.7))])
    let baked = try UNet(
      Parameters(
        Changed(
          by: Dictionary(
            uniqueKeysWithValues: changes.map { change in
              (change.parameter, (0..<change.count).map { 0.7 * (0.1 + 0.05 * Float($0)) })
            })), .unet), fixture.configuration)
    try withoutGradients {
      let acting = try UNetTests.run(unet, inputs, "input", Pass(adapters: set))
      let expected = try UNetTests.run(baked, inputs, "input")
      let plain = try UNetTests.run(unet, inputs, "input")
      #expect(try largestDifference(acting, expected) < 1e-5)
      #expect(try largestDifference(acting, plain) > 1e-2, "the changes make a difference")
    }
    #expect(throws: DiffusionError.self, "a norm is shared by the batch") {
      try AdapterSet([(loaded, .perSample([1, 0]))])
    }
  }

  /// A change that depends on the weight acts as if it were baked, each sample at its own strength.
  @Test(arguments: ["oft", "ia3", "glora"]) func whatDependsOnTheWeightActsAsIfBaked(variant: String) throws {
    let fixture = UNetFixture("sdxl")
    let inputs = try fixture.tensors("training")
    let unet = try fixture.unet()
    let parameter = "down_blocks.1.attentions.0.transformer_blocks.0.attn1.to_q"
    let stem = "lora_unet_" + parameter.replacing(".", with: "_")
    let file = try SafeTensorsFile(path: "\(UNetFixture.root)/sdxl/diffusion_pytorch_model.safetensors")
    let tensor = try #require(file["\(parameter).weight"])
    let (out, width) = (tensor.shape[0], tensor.shape[1])
    func numbers(_ shape: Int...) -> (shape: [Int], values: [Float]) {
      (shape, (0..<shape.reduce(1, *)).map { 0.4 - Float(($0 * 7) % 11) / 13 })
    }
    let tensors: [String: (shape: [Int], values: [Float])] =
      switch variant {
      case "oft": ["oft_blocks": numbers(out / 2, 2, 2), "rescale": numbers(out, 1)]
      case "ia3": ["weight": numbers(width), "on_input": ([], [1])]
      default:
        [
          "a1.weight": numbers(width, 2), "a2.weight": numbers(2, width), "b1.weight": numbers(out, 2),
          "b2.weight": numbers(2, width),
        ]
      }
    let path = FileManager.default.temporaryDirectory.appending(path: "rewrite-\(UUID()).safetensors").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    var writer = try SafeTensorsWriter(
      path: path, declarations: tensors.map { .init(name: "\(stem).\($0.key)", dtype: .f32, shape: $0.value.shape) },
      metadata: [:])
    while let next = writer.expected {
      try writer.append(DType.f32.narrowed(tensors[String(next.name.dropFirst(stem.count + 1))]?.values ?? []).bytes)
    }
    try writer.finish()
    let adapter = try Adapter(path: path)
    let weight = Matrix(rows: out, columns: width, elements: try file.doubles(of: tensor))
    let delta = try adapter.delta(
      of: adapter.modules[0], on: weight, LayerGeometry(outputs: out, channels: width), strength: 0.6)
    let loaded = try LoadedAdapter(adapter, sites: fixture.sites, .f32, on: .cpu)
    let baked = try UNet(
      Parameters(Changed(by: ["\(parameter).weight": delta.elements.map(Float.init)]), .unet), fixture.configuration)
    try withoutGradients {
      func run(_ strength: Strength) throws -> Tensor {
        try UNetTests.run(unet, inputs, "input", Pass(adapters: AdapterSet([(loaded, strength)])))
      }
      let (acting, plain) = (try run(.uniform(0.6)), try UNetTests.run(unet, inputs, "input"))
      let expected = try UNetTests.run(baked, inputs, "input")
      #expect(try largestDifference(acting, expected) < 1e-5)
      #expect(try largestDifference(acting, plain) > 1e-3, "the change makes a difference")
      let mixed = try run(.perSample([0, 0.6]))
      #expect(try largestDifference(mixed.selected(0, 0), plain.selected(0, 0)) < 1e-5)
      #expect(try largestDifference(mixed.selected(0, 1), expected.selected(0, 1)) < 1e-5)
    }
  }
}

/// The fixture's parameters with numbers added to some.
private final class Changed: ParameterSource {
  private let source: FixtureTensors
  private let changes: [String: [Float]]

  init(by changes: [String: [Float]]) throws {
    source = try FixtureTensors("\(UNetFixture.root)/sdxl/diffusion_pytorch_model.safetensors")
    self.changes = changes
  }

  func parameter(_ part: NetworkPart, _ name: String, shape: [Int]) throws -> Tensor {
    let tensor = try source.parameter(part, name, shape: shape)
    guard let change = changes[name] else { return tensor }
    return try tensor + Tensor(change, shape: tensor.shape)
  }
}
