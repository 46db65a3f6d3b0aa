import Adapters
import Diffusion
import Testing

@testable import Trainer

/// Which layers are trained, on the tiny models and on the layers of full ones.
@Suite struct NetworkSelectionTests {
  /// The sites of a model of full size, of which no number exists.
  private static func sites(_ configuration: ModelConfiguration) throws -> SiteList {
    let (needs, sites) = (ParameterList(), SiteList())
    _ = try UNet(Parameters(needs, .unet, sites: sites), configuration.unet)
    _ = try CLIPTextEncoder(Parameters(needs, .textEncoder1, sites: sites), configuration.textEncoder1)
    if let second = configuration.textEncoder2 {
      _ = try CLIPTextEncoder(Parameters(needs, .textEncoder2, sites: sites), second)
    }
    return sites
  }

  private static func count(
    _ sites: SiteList, parts: Set<ModelPart> = Set(ModelPart.allCases),
    _ change: (inout CastConfiguration.Network) -> Void = { _ in }
  ) throws -> [ModelPart: Int] {
    var network = CastConfiguration.Network()
    change(&network)
    return try LayerSelection(sites, network, parts: parts).layers.reduce(into: [:]) {
      $0[$1.path.part, default: 0] += 1
    }
  }

  /// As many as sd-scripts makes; locon adds convolutions, time projections, shortcuts and what changes the size.
  @Test func fullModels() throws {
    let (sdxl, sd1) = try (Self.sites(.sdxl), Self.sites(.sd15))
    #expect(try Self.count(sdxl) == [.unet: 722, .textEncoder1: 72, .textEncoder2: 192])
    // 17 residual blocks of three layers, 11 shortcuts, 4 changes of size.
    #expect(try Self.count(sdxl) { $0.kind = .locon } == [.unet: 722 + 66, .textEncoder1: 72, .textEncoder2: 192])
    #expect(try Self.count(sd1) == [.unet: 192, .textEncoder1: 72])
    #expect(try Self.count(sd1) { $0.kind = .locon }[.unet] == 192 + 22 * 3 + 14 + 6)
    #expect(try Self.count(sdxl, parts: [.unet]) == [.unet: 722])
    #expect(
      try Self.count(sdxl) { $0.targets = ["unet.**.attn2.to_k", "te2.**.fc1"] } == [.unet: 70, .textEncoder2: 32])
    #expect(try Self.count(sdxl) { $0.exclude = ["te*.**", "unet.**.attn1.**"] } == [.unet: 722 - 280])
  }

  /// Every layer has a name in sd-scripts' files, and none the other's.
  @Test(arguments: [ModelConfiguration.sdxl, .sd15]) func everyLayerHasAKey(_ model: ModelConfiguration) throws {
    var network = CastConfiguration.Network()
    network.kind = .locon
    let layers = try LayerSelection(Self.sites(model), network, parts: Set(ModelPart.allCases)).layers
    let keys = layers.compactMap { OutputDialect.kohya.keys(for: $0.path, architecture: model.family)?.down }
    #expect(keys.count == layers.count && Set(keys).count == keys.count)
    // Convolutions wider than one place have numbers of their own.
    for layer in layers {
      let isSpatial = ["conv1", "conv2", "conv"].contains(layer.path.name.split(separator: ".").last ?? "")
      #expect(layer.isWide == isSpatial, "\(layer.path)")
    }
  }

  @Test(arguments: ["sd1", "sd2", "sdxl"]) func tinyModels(_ name: String) throws {
    let model = try CastFixture.model(name)
    let unet = model.configuration.unet
    let transformers = Set(
      model.sites.sites.filter { $0.part == .unet && $0.name.hasSuffix("proj_in") }.map(\.name)
    ).count
    let blocks = model.sites.sites.count { $0.part == .unet && $0.name.hasSuffix("attn1.to_q") }
    // A transformer: two projections; each of its blocks: two attentions of four, two of the feed-forward.
    #expect(try Self.count(model.sites)[.unet] == 2 * transformers + 10 * blocks && unet.channels.count > 1)
    #expect(try Self.count(model.sites)[.textEncoder1] == 12)
    let wide = try Self.count(model.sites, parts: [.unet]) { $0.kind = .locon }[.unet] ?? 0
    let others = model.sites.sites.filter { site in
      site.part == .unet && site.shape.count > 1
        && [".resnets.", ".downsamplers.", ".upsamplers."].contains { site.name.contains($0) }
    }
    #expect(wide == 2 * transformers + 10 * blocks + others.count && !others.isEmpty)
  }

  @Test func patternsThatNameNothingAreErrors() throws {
    let sites = try CastFixture.model().sites
    expectError("unet.nothing.*", "names no layer of this model", "unet.down_blocks.1.attentions.0.proj_in") {
      try Self.count(sites) { $0.targets = ["unet.nothing.*"] }
    }
    expectError("te2.**", "names no layer") { try Self.count(sites) { $0.exclude = ["te2.**"] } }
    expectError("a segment between two dots") { try Self.count(sites) { $0.targets = ["unet..x"] } }
    expectError("every network the rate 0") { try Self.count(sites, parts: []) }
    expectError("leaves no layer to train") { try Self.count(sites, parts: [.unet]) { $0.exclude = ["unet.**"] } }
  }
}
