public import Torch

/// A source that gives no numbers and remembers what a model asks for: the model's parameters, before any is read.
public final class ParameterList: ParameterSource {
  /// One parameter of a model.
  public struct Entry: Sendable, Hashable {
    /// The network.
    public var part: NetworkPart
    /// The name in diffusers.
    public var name: String
    /// The shape, as PyTorch stores it.
    public var shape: [Int]
    /// The number of elements.
    public var count: Int { shape.reduce(1, *) }
  }

  /// Everything asked for, in order.
  public private(set) var entries: [Entry] = []

  /// An empty list.
  public init() {}

  /// Remembers a parameter, and gives a tensor of its shape that takes no memory.
  public func parameter(_ part: NetworkPart, _ name: String, shape: [Int]) throws -> Tensor {
    entries.append(Entry(part: part, name: name, shape: shape))
    return try Tensor.zeros([1]).expanded(shape.isEmpty ? [1] : shape)
  }

  /// The number of all elements.
  public var count: Int { entries.reduce(0) { $0 + $1.count } }
}
