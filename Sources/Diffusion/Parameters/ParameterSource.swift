public import Torch

/// Where a model's parameters come from: a checkpoint, random numbers, or a list that only remembers what was asked.
public protocol ParameterSource: AnyObject {
  /// One parameter.
  /// - Parameters:
  ///   - name: as in diffusers (transformers for the text encoders): `down_blocks.0.resnets.0.conv1.weight`.
  ///   - shape: as PyTorch stores it; a source that holds another shape throws.
  func parameter(_ part: NetworkPart, _ name: String, shape: [Int]) throws -> Tensor
}

/// The parameters of one module of a network: a source, and the path to the module.
public struct Parameters {
  /// Where they come from.
  public let source: any ParameterSource
  /// The network.
  public let part: NetworkPart
  /// The module's dotted path, empty for the whole network.
  public let path: String
  /// Where layers that adapters can act on enter themselves.
  public let sites: SiteList

  /// The parameters of a whole network, or of a module of it.
  public init(
    _ source: any ParameterSource, _ part: NetworkPart, path: String = "", sites: SiteList = SiteList()
  ) {
    self.source = source
    self.part = part
    self.path = path
    self.sites = sites
  }

  /// The module of this name within this module.
  public subscript(_ name: String) -> Parameters { Parameters(source, part, path: joined(name), sites: sites) }

  /// The module at a place in this list of modules.
  public subscript(_ index: Int) -> Parameters { self[String(index)] }

  /// One parameter of this module.
  public func tensor(_ name: String, _ shape: Int...) throws -> Tensor {
    try source.parameter(part, joined(name), shape: shape)
  }

  private func joined(_ name: String) -> String { path.isEmpty ? name : "\(path).\(name)" }
}
