// Operations that change a tensor's own elements: for optimisers and buffers, not for parts of a recorded computation.
extension Tensor {
  private static let addTensor = Operator("aten::add_", "Tensor")
  private static let multiplyTensor = Operator("aten::mul_", "Tensor")
  private static let multiplyNumber = Operator("aten::mul_", "Scalar")
  private static let addProduct = Operator("aten::addcmul_")
  private static let addQuotient = Operator("aten::addcdiv_")
  private static let lerp = Operator("aten::lerp_", "Scalar")
  private static let zero = Operator("aten::zero_")
  private static let fill = Operator("aten::fill_", "Scalar")

  /// Adds `weight · other`.
  @discardableResult
  public func add(_ other: Tensor, times weight: Double = 1) throws(TorchError) -> Tensor {
    try Self.addTensor(.tensor(self), .tensor(other), .double(weight))
  }

  /// Multiplies by a number.
  @discardableResult
  public func multiply(by factor: Double) throws(TorchError) -> Tensor {
    try Self.multiplyNumber(.tensor(self), .double(factor))
  }

  /// Multiplies elementwise.
  @discardableResult
  public func multiply(by factor: Tensor) throws(TorchError) -> Tensor {
    try Self.multiplyTensor(.tensor(self), .tensor(factor))
  }

  /// Adds `weight · first · second`.
  @discardableResult
  public func add(product first: Tensor, _ second: Tensor, times weight: Double = 1) throws(TorchError) -> Tensor {
    try Self.addProduct(.tensor(self), .tensor(first), .tensor(second), .double(weight))
  }

  /// Adds `weight · numerator / denominator`.
  @discardableResult
  public func add(
    quotient numerator: Tensor, _ denominator: Tensor, times weight: Double = 1
  ) throws(TorchError) -> Tensor {
    try Self.addQuotient(.tensor(self), .tensor(numerator), .tensor(denominator), .double(weight))
  }

  /// Moves towards `other`: `self + weight · (other − self)`.
  @discardableResult
  public func interpolate(to other: Tensor, weight: Double) throws(TorchError) -> Tensor {
    try Self.lerp(.tensor(self), .tensor(other), .double(weight))
  }

  /// Sets all elements to zero.
  @discardableResult
  public func zero() throws(TorchError) -> Tensor { try Self.zero(.tensor(self)) }

  /// Sets all elements to a number.
  @discardableResult
  public func fill(_ value: Double) throws(TorchError) -> Tensor { try Self.fill(.tensor(self), .double(value)) }
}
