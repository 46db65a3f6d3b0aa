public import SafeTensors

/// Where a layer's weight or bias stands in a checkpoint.
public struct CheckpointPlace: Sendable {
  /// The position of the file in ``Checkpoint/files``.
  public let file: Int
  /// The tensor.
  public let tensor: TensorInfo
  /// Which third of the tensor's rows the layer is, from 0 to 2; nil for all of it.
  public let third: Int?
  /// Whether the tensor is stored as `[in, out]`.
  public let isTransposed: Bool

  /// The tensor's size as a matrix: its first dimension, and all others together; zeros for a scalar.
  private var size: (rows: Int, columns: Int) {
    guard let first = tensor.shape.first, tensor.count > 0 else { return (0, 0) }
    return (first, tensor.count / first)
  }

  /// The rows of the stored matrix that are the layer's; nil where the tensor has no three equal parts.
  public var rows: Range<Int>? {
    guard let third else { return 0..<size.rows }
    guard size.rows % 3 == 0 else { return nil }
    let height = size.rows / 3
    return third * height..<(third + 1) * height
  }

  /// The elements of a row of the stored matrix.
  public var columns: Int { size.columns }

  /// The output features of the layer.
  public var outputs: Int { isTransposed ? size.columns : rows?.count ?? 0 }

  /// The input features of the layer, channels times kernel.
  public var inputs: Int { isTransposed ? size.rows : size.columns }

  /// The kernel of a convolution; empty for a linear layer.
  public var kernel: [Int] { isTransposed ? [] : Array(tensor.shape.dropFirst(2)) }
}
