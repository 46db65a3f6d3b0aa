// Other views of the same elements, and copies put together or taken apart.
extension Tensor {
  private static let reshape = Operator("aten::reshape")
  private static let permute = Operator("aten::permute")
  private static let transpose = Operator("aten::transpose", "int")
  private static let expand = Operator("aten::expand")
  private static let repeatTensor = Operator("aten::repeat")
  private static let unsqueeze = Operator("aten::unsqueeze")
  private static let squeeze = Operator("aten::squeeze", "dim")
  private static let narrow = Operator("aten::narrow")
  private static let select = Operator("aten::select", "int")
  private static let indexSelect = Operator("aten::index_select")
  private static let gather = Operator("aten::gather")
  private static let concatenate = Operator("aten::cat")
  private static let stack = Operator("aten::stack")
  private static let chunk = Operator("aten::chunk")
  private static let pad = Operator("aten::constant_pad_nd")
  private static let flip = Operator("aten::flip")

  /// The same elements in another shape; one size may be −1.
  public func reshaped(_ shape: [Int]) throws(TorchError) -> Tensor { try Self.reshape(.tensor(self), .ints(shape)) }
  /// The same elements in another shape; one size may be −1.
  public func reshaped(_ shape: Int...) throws(TorchError) -> Tensor { try reshaped(shape) }

  /// The dimensions in another order.
  public func permuted(_ order: Int...) throws(TorchError) -> Tensor {
    try Self.permute(.tensor(self), .ints(order))
  }

  /// Two dimensions exchanged.
  public func transposed(_ first: Int = -2, _ second: Int = -1) throws(TorchError) -> Tensor {
    try Self.transpose(.tensor(self), .int(first), .int(second))
  }

  /// Dimensions of size 1 repeated without a copy; −1 keeps a size.
  public func expanded(_ shape: [Int]) throws(TorchError) -> Tensor { try Self.expand(.tensor(self), .ints(shape)) }

  /// Copies along each dimension.
  public func repeated(_ times: [Int]) throws(TorchError) -> Tensor {
    try Self.repeatTensor(.tensor(self), .ints(times))
  }

  /// A new dimension of size 1.
  public func unsqueezed(_ dimension: Int) throws(TorchError) -> Tensor {
    try Self.unsqueeze(.tensor(self), .int(dimension))
  }

  /// Without a dimension of size 1.
  public func squeezed(_ dimension: Int) throws(TorchError) -> Tensor {
    try Self.squeeze(.tensor(self), .int(dimension))
  }

  /// `length` entries along a dimension, from `start`.
  public func narrowed(_ dimension: Int, from start: Int, length: Int) throws(TorchError) -> Tensor {
    try Self.narrow(.tensor(self), .int(dimension), .int(start), .int(length))
  }

  /// One entry along a dimension, which disappears.
  public func selected(_ dimension: Int, _ index: Int) throws(TorchError) -> Tensor {
    try Self.select(.tensor(self), .int(dimension), .int(index))
  }

  /// The entries along a dimension that a vector of indices names.
  public func selected(_ dimension: Int, _ indices: Tensor) throws(TorchError) -> Tensor {
    try Self.indexSelect(.tensor(self), .int(dimension), .tensor(indices))
  }

  /// One entry along a dimension for each element of `indices`.
  public func gathered(_ dimension: Int, _ indices: Tensor) throws(TorchError) -> Tensor {
    try Self.gather(.tensor(self), .int(dimension), .tensor(indices))
  }

  /// Tensors one after another along a dimension.
  public static func concatenated(_ tensors: [Tensor], _ dimension: Int = 0) throws(TorchError) -> Tensor {
    try concatenate(.tensors(tensors), .int(dimension))
  }

  /// Tensors of one shape along a new dimension.
  public static func stacked(_ tensors: [Tensor], _ dimension: Int = 0) throws(TorchError) -> Tensor {
    try stack(.tensors(tensors), .int(dimension))
  }

  /// Equal parts along a dimension.
  public func chunks(_ count: Int, _ dimension: Int = 0) throws(TorchError) -> [Tensor] {
    try Self.chunk.call([.tensor(self), .int(count), .int(dimension)], room: count)
  }

  /// Zeros (or `value`) around: pairs of before and after, from the last dimension on.
  public func padded(_ widths: [Int], value: Double = 0) throws(TorchError) -> Tensor {
    try Self.pad(.tensor(self), .ints(widths), .double(value))
  }

  /// In the opposite order along some dimensions.
  public func flipped(_ dimensions: Int...) throws(TorchError) -> Tensor {
    try Self.flip(.tensor(self), .ints(dimensions))
  }
}
