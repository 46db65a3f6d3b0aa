public import Adapters
import SafeTensors
public import Torch

extension NetworkPart {
  /// The network that an adapter's layers belong to; nil for networks of models that are not run here.
  public init?(_ part: ModelPart) {
    switch part {
    case .unet: self = .unet
    case .textEncoder1: self = .textEncoder1
    case .textEncoder2: self = .textEncoder2
    case .transformer, .textEncoder3, .languageModel: return nil
    }
  }
}

extension SiteList {
  /// Where an adapter's layer acts; nil where the model lacks it.
  public subscript(_ path: ModulePath) -> LayerSite? { NetworkPart(path.part).flatMap { self[$0, path.name] } }
}

/// An adapter file brought to a model's device: loaded once, used at any strength.
public struct LoadedAdapter: Sendable {
  /// The file's name without ending.
  public let name: String
  /// How many of the model's layers it changes.
  public var count: Int { layers.count + norms.count }
  var layers: [(site: LayerSite, path: ModulePath, change: LayerChange)] = []
  var norms: [(site: LayerSite, path: ModulePath, change: NormChange)] = []

  /// Reads a file for a model.
  /// - Parameters:
  ///   - sites: the model's layers.
  ///   - type: the format to compute in, the model's own.
  /// - Throws: ``DiffusionError`` when the file is for another base model, or holds what cannot act at run time.
  public init(_ adapter: Adapter, sites: SiteList, _ type: ScalarType, on device: Device) throws {
    name = adapter.name
    try Self.check(adapter, sites)
    for module in adapter.modules {
      guard let site = sites[module.path] else { continue }
      if site.shape.count == 1 {
        func vector(_ role: TensorRole) throws -> Tensor? {
          try module.tensors[role].map {
            guard $0.count == site.shape[0] else {
              throw LayerChange.mismatch(module, adapter, site, "[\($0.count)]")
            }
            return try Tensor(adapter.file.doubles(of: $0).map(Float.init), shape: site.shape).to(device, type)
          }
        }
        let weight = try vector(.normWeight) ?? vector(.diff)
        let bias = try vector(.normBias) ?? vector(.diffBias)
        norms.append((site, module.path, NormChange(weight: weight, bias: bias)))
      } else {
        layers.append((site, module.path, try LayerChange(module, of: adapter, at: site, type, device)))
      }
    }
  }

  private static func check(_ adapter: Adapter, _ sites: SiteList) throws {
    let unsupported =
      adapter.modules.filter { $0.variant == .replaced && $0.outputs == 0 }.map { "\($0.stem) (a replaced vector)" }
      + adapter.embeddings.map { "\($0.token) (the vectors of a trigger word)" }
      + adapter.unmatched.map { "\($0.key) (\($0.reason))" }
    if let first = unsupported.first {
      throw DiffusionError(
        "\(adapter.file.path): holds \(unsupported.count) things that cannot act while the model runs, the first is \(first); convert the file or leave it out"
      )
    }
    let missing = adapter.modules.filter { sites[$0.path] == nil }
    if let first = missing.first {
      throw DiffusionError(
        "\(adapter.file.path): trains \(missing.count) of \(adapter.modules.count) layers that this model lacks, the first is \(first.stem); it is for another base model"
      )
    }
    if adapter.modules.isEmpty {
      throw DiffusionError("\(adapter.file.path): changes no layer of this model")
    }
  }
}

extension AdapterSet {
  /// The set in which these adapters act together.
  /// - Parameters:
  ///   - adapters: each with its strength; their order matters where a change depends on the weight it meets.
  ///   - weight: what the strength of one adapter (by position) is multiplied by at a layer; 1 unless given.
  public init(
    _ adapters: [(adapter: LoadedAdapter, strength: Strength)],
    weight: (_ adapter: Int, _ layer: ModulePath) -> Double = { _, _ in 1 }
  ) throws {
    self.init()
    var layers: [LayerSite: [(change: LayerChange, strength: Strength)]] = [:]
    var order: [LayerSite] = []
    for (index, (adapter, strength)) in adapters.enumerated() {
      for (site, path, change) in adapter.layers {
        let own = strength.scaled(by: weight(index, path))
        if own.isZero { continue }
        if layers[site] == nil { order.append(site) }
        layers[site, default: []].append((change, own))
      }
      for (site, path, change) in adapter.norms {
        guard case .uniform(let value) = strength else {
          throw DiffusionError(
            "\(adapter.name): changes the norm \(site.name), which all samples of a batch share; its strength cannot differ between them"
          )
        }
        let factor = value * weight(index, path)
        try add(
          NormChange(weight: change.weight.map { try $0 * factor }, bias: change.bias.map { try $0 * factor }), to: site
        )
      }
    }
    for site in order {
      let changes = layers[site] ?? []
      if changes.contains(where: \.change.replacesWeight) {
        add(ReplacedWeight(changes), to: site)
      } else {
        for (change, strength) in changes { add(AddedChange(change: change, strength: strength), to: site) }
      }
    }
  }
}
