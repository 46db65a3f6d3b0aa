/// The shape of a layer of the base model: what a change that depends on the model must fit.
public struct LayerGeometry: Sendable, Hashable {
  /// The output features.
  public var outputs: Int
  /// The input features without the kernel.
  public var channels: Int
  /// The kernel of a convolution, `[1, 1]` included; empty for a linear layer.
  public var kernel: [Int]

  /// The elements of a row of the weight, channels times kernel.
  public var inputs: Int { channels * kernelSize }
  /// The elements of the kernel; 1 for a linear layer.
  public var kernelSize: Int { kernel.reduce(1, *) }
  /// Whether the weight has a kernel, also of one element.
  public var isConvolution: Bool { !kernel.isEmpty }

  /// Creates a shape.
  public init(outputs: Int, channels: Int, kernel: [Int] = []) {
    self.outputs = outputs
    self.channels = channels
    self.kernel = kernel
  }

  /// The shape of a stored weight, `[out, in]` or `[out, in, kernel…]`; nil for one with fewer dimensions or zeros.
  public init?(weightShape shape: [Int]) {
    guard shape.count >= 2, !shape.contains(0) else { return nil }
    self.init(outputs: shape[0], channels: shape[1], kernel: Array(shape.dropFirst(2)))
  }

  /// The shape as it is written in messages.
  var text: String { "\([outputs, channels] + kernel)" }
}
