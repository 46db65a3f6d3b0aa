public import Adapters
public import Diffusion

/// Which layers of a model a LoRA is trained on.
///
/// By kind, as in sd-scripts: `lora` takes the linear layers and 1×1 convolutions of every transformer of the UNet, and
/// attention and feed-forward of the text encoders; `locon` also the convolutions and time projections of residual blocks
/// and the layers that change the size. Patterns of targets replace the choice by kind.
public struct LayerSelection: Sendable {
  /// A layer to be trained.
  public struct Layer: Sendable {
    /// Its place in the model.
    public let site: LayerSite
    /// Its identity.
    public let path: ModulePath
    /// Whether its kernel is wider than one place, so that the numbers of convolutions apply.
    public var isWide: Bool { site.shape.count == 4 && site.shape[3] > 1 }
  }

  /// The greatest rank that any of the layers can have.
  var fullRank: Int {
    layers.map { min($0.site.shape[0], $0.site.shape.dropFirst().reduce(1, *)) }.max() ?? 0
  }

  /// The layers, in the model's order.
  public let layers: [Layer]

  /// Chooses layers.
  ///
  /// - Parameters:
  ///   - sites: the model's layers.
  ///   - network: kind, targets and exclusions.
  ///   - parts: the networks that are trained at all.
  /// - Throws: `LayerWeightsError` for a bad pattern; ``OptimisationError`` for one that names no layer, and when nothing
  ///   is left.
  public init(_ sites: SiteList, _ network: CastConfiguration.Network, parts: Set<ModelPart>) throws {
    let targets = try network.targets.map { (text) throws(LayerWeightsError) in try LayerPattern(text) }
    let exclude = try network.exclude.map { (text) throws(LayerWeightsError) in try LayerPattern(text) }
    let all = sites.sites.compactMap { site -> Layer? in
      guard site.shape.count > 1, let part = ModelPart(site.part) else { return nil }
      return Layer(site: site, path: ModulePath(part: part, name: site.name))
    }
    for pattern in targets + exclude where !all.contains(where: { pattern.matches($0.path) }) {
      throw OptimisationError(
        "[network] \(targets.contains { $0.text == pattern.text } ? "targets" : "exclude"): \"\(pattern.text)\" names no "
          + "layer of this model; layers are called as unet.down_blocks.1.attentions.0.proj_in")
    }
    layers = all.filter { layer in
      guard parts.contains(layer.path.part), !exclude.contains(where: { $0.matches(layer.path) }) else { return false }
      return targets.isEmpty
        ? Self.isOfKind(network.kind, layer.path) : targets.contains { $0.matches(layer.path) }
    }
    if parts.isEmpty {
      throw OptimisationError(
        "[training] gives every network the rate 0, so that nothing is trained; set learning_rate")
    }
    if layers.isEmpty {
      throw OptimisationError(
        "[network] leaves no layer to train; loosen targets and exclude, and give at least one network a rate above 0")
    }
  }

  private static func isOfKind(_ kind: CastConfiguration.Network.Kind, _ path: ModulePath) -> Bool {
    switch path.role {
    case .selfAttentionQ, .selfAttentionK, .selfAttentionV, .selfAttentionOut, .crossAttentionQ, .crossAttentionK,
      .crossAttentionV, .crossAttentionOut, .feedForward, .projection, .textAttention, .textMLP:
      return true
    case .selfAttentionQKV, .attentionAndMLP, .textStreamAttention, .textStreamMLP, .modulation: return false
    case .convolution, .embedding, .other:
      let inside = [".resnets.", ".downsamplers.", ".upsamplers."]
      return kind == .locon && path.part == .unet && inside.contains { path.name.contains($0) }
    }
  }
}

extension ModelPart {
  /// The network as adapter files call it; `nil` for the autoencoder, which has no LoRA.
  init?(_ part: NetworkPart) {
    switch part {
    case .unet: self = .unet
    case .textEncoder1: self = .textEncoder1
    case .textEncoder2: self = .textEncoder2
    case .vae: return nil
    }
  }
}
