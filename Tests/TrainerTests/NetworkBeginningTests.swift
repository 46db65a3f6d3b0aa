import Adapters
import Diffusion
import SafeTensors
import Testing
import Torch

@testable import Trainer

/// What LoRAs begin with: new numbers, or those of a file.
@Suite struct NetworkBeginningTests {
  private static func numbers(_ network: CastNetwork, of name: String) throws -> [String: [UInt8]] {
    let lora = try #require(network.names.firstIndex(of: name))
    return try Dictionary(
      uniqueKeysWithValues: network.layers.map { ("\($0.path)", try $0.factors[lora].down.bytes()) })
  }

  @Test func valuesDependOnSeedNameAndLayerAlone() throws {
    let model = try CastFixture.model()
    func network(_ names: [String], seed: UInt64 = 1, exclude: [String] = []) throws -> CastNetwork {
      var settings = CastConfiguration.Network()
      (settings.rank, settings.exclude) = (2, exclude)
      return try CastNetwork(
        LayerSelection(model.sites, settings, parts: [.unet, .textEncoder1]), settings, names: names, seed: seed)
    }
    let two = try network(["Konrad", "Lisar"])
    let (konrad, lisar) = try (Self.numbers(two, of: "Konrad"), Self.numbers(two, of: "Lisar"))
    let three = try network(["Third", "Lisar", "Konrad"])
    #expect(try Self.numbers(three, of: "Konrad") == konrad && Self.numbers(three, of: "Lisar") == lisar)
    let fewer = try Self.numbers(network(["Konrad"], exclude: ["unet.**.to_q"]), of: "Konrad")
    #expect(fewer.count < konrad.count && fewer.allSatisfy { konrad[$0] == $1 })
    // No two LoRAs, layers or seeds share a direction.
    #expect(konrad.allSatisfy { lisar[$0] != $1 } && Set(konrad.values).count == konrad.count)
    let other = try Self.numbers(network(["Konrad"], seed: 2), of: "Konrad")
    #expect(konrad.allSatisfy { other[$0] != $1 })
    for layer in two.layers {
      for factors in layer.factors {
        #expect(try factors.up.absolute().maximum().item() == 0)
        let bound = 1 / Double(layer.site.shape.dropFirst().reduce(1, *)).squareRoot()
        let greatest = try factors.down.absolute().maximum().item()
        #expect(greatest <= bound * 1.0001 && greatest > bound / 4)
      }
    }
  }

  @Test func ranksAndAlphasAreThoseOfTheLayersKind() throws {
    let network = try NetworkFixture.network { $0.kind = .locon }
    for layer in network.layers {
      let isWide = layer.site.shape.count == 4 && layer.site.shape[3] > 1
      #expect(layer.factors.allSatisfy { $0.down.shape[0] == (isWide ? 2 : 3) })
      #expect(layer.alpha == (isWide ? 1 : 2) && layer.factors[0].scale == (isWide ? 0.5 : 2.0 / 3))
    }
    #expect(network.layers.contains { $0.site.shape.count == 4 && $0.site.shape[3] > 1 })
  }

  /// Two characters that go on from one file are two LoRAs: what one learns is not the other's.
  @Test(arguments: ["sd1", "sdxl"]) func continuingGivesEachItsOwnNumbers(_ name: String) throws {
    let folder = try TemporaryFolder()
    let model = try CastFixture.model(name)
    let first = try NetworkFixture.network(name, names: ["x"]) { $0.kind = .locon }
    let path = folder.path("a.safetensors")
    try LoRAFile(architecture: model.configuration.family, format: .f32).write(first, 0, metadata: [:], to: path)
    var settings = CastConfiguration.Network()
    (settings.kind, settings.rank) = (.locon, 8)
    let selection = try LayerSelection(model.sites, settings, parts: Set(ModelPart.allCases))
    let known = try ContinuedLoRA.read(path, selection, count: 2)
    let network = try CastNetwork(selection, settings, names: ["a", "b"], seed: 1, first: known)
    for (layer, old) in zip(network.layers, first.layers) {
      #expect(layer.path == old.path && abs(layer.alpha - old.alpha) < 1e-6)
      for factors in layer.factors {
        #expect(
          try factors.down.bytes() == old.factors[0].down.bytes() && factors.up.bytes() == old.factors[0].up.bytes())
        #expect(factors.down.requiresGradient && factors.up.requiresGradient)
      }
    }
    let layer = network.layers[0]
    try withoutGradients { _ = try layer.factors[0].down.fill(3) }
    #expect(try layer.factors[1].down.bytes() == first.layers[0].factors[0].down.bytes())
  }

  @Test func filesOfOtherLayersAreRefused() throws {
    let folder = try TemporaryFolder()
    let model = try CastFixture.model()
    let path = folder.path("a.safetensors")
    let all = try NetworkFixture.network(names: ["x"])
    try LoRAFile(architecture: .sd1, format: .f16).write(all, 0, metadata: [:], to: path)
    let settings = CastConfiguration.Network()
    let less = try LayerSelection(model.sites, settings, parts: [.unet])
    expectError("[network] leaves out", path) { try ContinuedLoRA.read(path, less, count: 1) }
    let other = try CastFixture.model("sd2")
    let unlike = try LayerSelection(other.sites, settings, parts: Set(ModelPart.allCases))
    expectError(path) { try ContinuedLoRA.read(path, unlike, count: 1) }
    expectError("none.safetensors") { try ContinuedLoRA.read(folder.path("none.safetensors"), less, count: 1) }
  }

  /// A file with fewer layers leaves the others new.
  @Test func whatAFileLacksIsNew() throws {
    let folder = try TemporaryFolder()
    let model = try CastFixture.model()
    let path = folder.path("a.safetensors")
    let few = try NetworkFixture.network(names: ["x"]) { $0.targets = ["unet.**.to_k"] }
    try LoRAFile(architecture: .sd1, format: .bf16).write(few, 0, metadata: [:], to: path)
    var settings = CastConfiguration.Network()
    settings.rank = 5
    let selection = try LayerSelection(model.sites, settings, parts: [.unet])
    let network = try CastNetwork(
      selection, settings, names: ["x"], seed: 1, first: ContinuedLoRA.read(path, selection, count: 1))
    for layer in network.layers {
      let isKnown = layer.path.name.hasSuffix("to_k")
      #expect(try layer.factors[0].down.size(0) == (isKnown ? 3 : 5))
      #expect(try (layer.factors[0].up.absolute().maximum().item() > 0) == isKnown)
    }
  }
}
