public import Adapters
public import Diffusion
public import Torch

/// The LoRAs of a cast while they learn: one for all characters, or one each.
///
/// Every LoRA has the same layers. Its first values depend on the seed, its own name and the layer alone, so that two
/// characters never start in the same directions, and adding a third changes neither.
public struct CastNetwork: Sendable {
  /// One layer.
  public struct Layer: Sendable {
    /// Its place in the model.
    public let site: LayerSite
    /// Its identity.
    public let path: ModulePath
    /// Alpha; the change is multiplied by alpha over rank.
    public let alpha: Double
    /// The factors of each LoRA.
    public let factors: [TrainableFactors]
  }

  /// The layers, in the model's order.
  public let layers: [Layer]
  /// What each LoRA is called.
  public let names: [String]
  let dropout: NetworkDropout

  /// New LoRAs, or those of files to go on from.
  ///
  /// - Parameters:
  ///   - selection: the layers.
  ///   - network: ranks, alphas and dropouts.
  ///   - names: a name for each LoRA; one name is one LoRA for all.
  ///   - seed: the run's.
  ///   - first: values to begin with, for each LoRA by the layer; a layer that is missing there is new.
  public init(
    _ selection: LayerSelection, _ network: CastConfiguration.Network, names: [String], seed: UInt64,
    on device: Device = .cpu, first: [[ModulePath: (down: Tensor, up: Tensor, alpha: Double)]] = []
  ) throws {
    self.names = names
    dropout = NetworkDropout(values: network.dropout, ranks: network.rankDropout, layers: network.moduleDropout)
    layers = try selection.layers.map { layer in
      let rank = layer.isWide ? network.convRank : network.rank
      let alpha = layer.isWide ? network.convAlpha : network.alpha
      var alphas: [Double] = []
      let factors = try names.enumerated().map { index, name in
        if first.indices.contains(index), let known = first[index][layer.path] {
          alphas.append(known.alpha)
          // Several LoRAs may begin with one file: each learns in numbers of its own.
          return try TrainableFactors(
            down: known.down.to(device).copied(), up: known.up.to(device).copied(), alpha: known.alpha)
        }
        alphas.append(alpha)
        let key = CounterRandom(seed: seed, Self.hash(name), Self.hash(layer.path.description)).key
        return try TrainableFactors(
          for: layer.site, rank: rank, alpha: alpha, on: device, using: try Generator(seed: key))
      }
      return Layer(site: layer.site, path: layer.path, alpha: alphas.first ?? alpha, factors: factors)
    }
  }

  /// FNV-1a of a text's UTF-8.
  private static func hash(_ text: String) -> UInt64 {
    text.utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
  }

  /// How many LoRAs there are.
  public var count: Int { names.count }

  /// The names of a LoRA's factors in states and optimisers.
  static func name(_ lora: Int, _ path: ModulePath, _ factor: String) -> String { "\(lora)/\(path)/\(factor)" }

  /// All parameters of a network of the model.
  public func parameters(of part: ModelPart) -> [NamedTensor] {
    layers.filter { $0.path.part == part }.flatMap { layer in
      layer.factors.enumerated().flatMap { index, factors in
        [
          NamedTensor(Self.name(index, layer.path, "down"), factors.down),
          NamedTensor(Self.name(index, layer.path, "up"), factors.up),
        ]
      }
    }
  }

  /// All parameters.
  public var parameters: [NamedTensor] { ModelPart.allCases.flatMap { parameters(of: $0) } }

  /// The parameters of one LoRA.
  public func parameters(ofLoRA index: Int) -> [Tensor] {
    layers.flatMap { [$0.factors[index].down, $0.factors[index].up] }
  }

  /// What acts on a batch.
  ///
  /// - Parameters:
  ///   - routes: for each sample the LoRAs that act on it, by number; none leaves it at the base model.
  ///   - pieces: into how many pieces of text each sample's caption is cut, for the text encoders' layers.
  ///   - seeds: what dropout draws, one for each sample; empty for none.
  public func adapters(_ routes: [[Int]], pieces: Int = 1, seeds: [UInt64] = []) throws -> AdapterSet {
    var set = AdapterSet()
    let active = (0..<count).compactMap { lora -> (lora: Int, samples: [Int])? in
      let samples = routes.indices.filter { routes[$0].contains(lora) }
      return samples.isEmpty ? nil : (lora, samples)
    }
    func rows(_ samples: [Int], _ pieces: Int) throws -> Tensor? {
      if samples.count == routes.count { return nil }
      return try Tensor(samples.flatMap { sample in (0..<pieces).map { Int64(sample * pieces + $0) } })
    }
    let pictures = try active.map { try rows($0.samples, 1) }
    let texts = pieces == 1 ? pictures : try active.map { try rows($0.samples, pieces) }
    let drops = dropout.isActive && !seeds.isEmpty
    for (place, layer) in layers.enumerated() {
      let isText = layer.path.part != .unet
      let device = layer.factors.first?.down.device ?? .cpu
      let routed = try active.enumerated().map { index, entry in
        RoutedFactors.Route(
          factors: layer.factors[entry.lora], rows: try (isText ? texts : pictures)[index]?.to(device),
          seeds: drops ? Self.seeds(seeds, entry.samples, pieces: isText ? pieces : 1) : [])
      }
      if routed.isEmpty { continue }
      set.add(RoutedFactors(routes: routed, dropout: dropout, layer: place), to: layer.site)
    }
    return set
  }

  private static func seeds(_ seeds: [UInt64], _ samples: [Int], pieces: Int) -> [UInt64] {
    samples.flatMap { sample in
      (0..<pieces).map { $0 == 0 ? seeds[sample] : CounterRandom(seed: seeds[sample], UInt64($0)).key }
    }
  }

  /// What acts on everything alike: these LoRAs, added up.
  public func adapters(together loras: [Int]) throws -> AdapterSet {
    var set = AdapterSet()
    for (place, layer) in layers.enumerated() {
      let routes = loras.map { RoutedFactors.Route(factors: layer.factors[$0]) }
      if !routes.isEmpty {
        set.add(RoutedFactors(routes: routes, dropout: NetworkDropout(), layer: place), to: layer.site)
      }
    }
    return set
  }
}
