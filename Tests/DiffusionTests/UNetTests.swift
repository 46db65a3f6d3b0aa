import Diffusion
import SafeTensors
import Testing
import Torch

/// The UNet against diffusers 0.42.1 on weights without zeros and ones.
@Suite("UNet") struct UNetTests {
  static let families = ["sd15", "sd2", "sdxl"]

  static func run(_ unet: UNet, _ inputs: FixtureTensors, _ prefix: String, _ pass: Pass = .plain) throws -> Tensor {
    try unet(
      inputs["\(prefix).sample"], times: inputs["\(prefix).timesteps"], context: inputs["\(prefix).context"],
      addition: inputs.has("\(prefix).time_ids")
        ? AddedConditioning(pooled: inputs["\(prefix).text_embeds"], sizes: inputs["\(prefix).time_ids"]) : nil, pass)
  }

  /// Predictions are around 1; diffusers against itself in double precision differs by up to 1e-5 (index.json), and so
  /// may we by as much again.
  @Test(arguments: families, ["square", "wide", "odd"]) func predictionsAreThoseOfDiffusers(
    family: String, shape: String
  ) throws {
    let fixture = UNetFixture(family)
    let (unet, tensors) = try (fixture.unet(), fixture.tensors("forward"))
    let prediction = try withoutGradients { try Self.run(unet, tensors, shape) }
    #expect(try largestDifference(prediction, tensors["\(shape).output"]) < 3e-5)
  }

  /// BF16 holds 8 bits: diffusers' own BF16 differs from its F32 by 0.013 to 0.017 in the mean, 0.25 at most.
  @Test(arguments: families) func halfPrecisionStaysNearTheTruth(family: String) throws {
    let fixture = UNetFixture(family)
    let (unet, tensors) = try (fixture.unet(.bf16), fixture.tensors("forward"))
    let prediction = try withoutGradients { try Self.run(unet, tensors, "square") }
    let error = try (prediction.to(.f32) - tensors["square.output"]).absolute()
    #expect(try prediction.scalarType == .bf16)
    #expect(try error.mean().item() < 0.04)
    #expect(try error.maximum().item() < 0.6)
  }

  @Test func sizesAreAskedForWhereTheyAreNeeded() throws {
    let fixture = UNetFixture("sdxl")
    let (unet, tensors) = try (fixture.unet(), fixture.tensors("forward"))
    let error = #expect(throws: DiffusionError.self) {
      try unet(tensors["odd.sample"], times: tensors["odd.timesteps"], context: tensors["odd.context"])
    }
    #expect(error?.description.contains("SDXL") == true)
    let narrow = #expect(throws: DiffusionError.self) {
      try unet(
        tensors["odd.sample"], times: tensors["odd.timesteps"], context: tensors["odd.context"],
        addition: AddedConditioning(pooled: .zeros([1, 3]), sizes: tensors["odd.time_ids"]))
    }
    #expect(narrow?.description == "the pooled text has 3 numbers; this UNet takes 10")
  }
}

/// The gradients of a LoRA on every layer against PEFT.
@Suite("LoRA gradients") struct LoRAGradientTests {
  /// Relative to the largest element of each gradient; F32 loses about 1e-6 a layer over fifty layers.
  @Test(arguments: UNetTests.families, Recomputation.allCases) func gradientsAreThoseOfPEFT(
    family: String, recomputation: Recomputation
  ) throws {
    let fixture = UNetFixture(family)
    let unet = try fixture.unet()
    let training = try fixture.tensors("training")
    let file = try FixtureTensors("\(UNetFixture.root)/\(family)/lora_kohya.safetensors")
    var adapters = AdapterSet()
    var learned: [String: TrainableFactors] = [:]
    for (path, down, up, alpha) in try KohyaFactors.read(file.file.path) {
      let site = try #require(fixture.sites[.unet, path])
      let factors = try TrainableFactors(down: file[down], up: file[up], alpha: alpha)
      learned[path] = factors
      adapters.add(factors, to: site)
    }
    let output = try UNetTests.run(unet, training, "input", Pass(adapters: adapters, recomputation: recomputation))
    #expect(try largestDifference(output, training["output"]) < 3e-5)
    let difference = try output - training["target"]
    let loss = try (difference * difference).mean()
    #expect(try abs(loss.item() - training["loss"].reshaped(1).item()) < 1e-5)
    try loss.backward()
    #expect(learned.count > 100)
    for (path, factors) in learned {
      for (factor, name) in [(factors.down, "lora_A"), (factors.up, "lora_B")] {
        let expected = try training["gradient.\(path).\(name).weight"]
        let gradient = try #require(factor.gradient)
        let scale = try expected.absolute().maximum().item()
        #expect(try largestDifference(gradient, expected.reshaped(gradient.shape)) < 1e-3 * scale, "\(path) \(name)")
      }
    }
  }
}
