/// A place where adapters can act: one linear layer, convolution or norm of a model.
public final class LayerSite: Sendable, Hashable {
  /// The network.
  public let part: NetworkPart
  /// The layer's dotted path in diffusers.
  public let name: String
  /// The weight's shape: `[out, in]`, `[out, in, height, width]` of a convolution, `[channels]` of a norm.
  public let shape: [Int]

  init(_ parameters: Parameters, shape: [Int]) {
    part = parameters.part
    name = parameters.path
    self.shape = shape
    parameters.sites.append(self)
  }

  /// Sites are the same when they are the same object: two models' layers of one name are two sites.
  public static func == (a: LayerSite, b: LayerSite) -> Bool { a === b }

  /// Hashes the identity.
  public func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }
}
