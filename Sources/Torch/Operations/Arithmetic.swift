// Elementwise arithmetic. Shapes broadcast as in PyTorch; numbers take the tensor's format.
extension Tensor {
  private static let addTensor = Operator("aten::add", "Tensor")
  private static let addNumber = Operator("aten::add", "Scalar")
  private static let subtractTensor = Operator("aten::sub", "Tensor")
  private static let subtractNumber = Operator("aten::sub", "Scalar")
  private static let subtractFrom = Operator("aten::rsub", "Scalar")
  private static let multiplyTensor = Operator("aten::mul", "Tensor")
  private static let multiplyNumber = Operator("aten::mul", "Scalar")
  private static let divideTensor = Operator("aten::div", "Tensor")
  private static let divideNumber = Operator("aten::div", "Scalar")
  private static let negate = Operator("aten::neg")
  private static let power = Operator("aten::pow", "Tensor_Scalar")

  /// The sum.
  public static func + (left: Tensor, right: Tensor) throws(TorchError) -> Tensor {
    try addTensor(.tensor(left), .tensor(right))
  }
  /// The sum with a number.
  public static func + (left: Tensor, right: Double) throws(TorchError) -> Tensor {
    try addNumber(.tensor(left), .double(right))
  }
  /// The difference.
  public static func - (left: Tensor, right: Tensor) throws(TorchError) -> Tensor {
    try subtractTensor(.tensor(left), .tensor(right))
  }
  /// The difference from a number.
  public static func - (left: Tensor, right: Double) throws(TorchError) -> Tensor {
    try subtractNumber(.tensor(left), .double(right))
  }
  /// A number less the tensor.
  public static func - (left: Double, right: Tensor) throws(TorchError) -> Tensor {
    try subtractFrom(.tensor(right), .double(left))
  }
  /// The elementwise product.
  public static func * (left: Tensor, right: Tensor) throws(TorchError) -> Tensor {
    try multiplyTensor(.tensor(left), .tensor(right))
  }
  /// The product with a number.
  public static func * (left: Tensor, right: Double) throws(TorchError) -> Tensor {
    try multiplyNumber(.tensor(left), .double(right))
  }
  /// The product with a number.
  public static func * (left: Double, right: Tensor) throws(TorchError) -> Tensor { try right * left }
  /// The elementwise quotient.
  public static func / (left: Tensor, right: Tensor) throws(TorchError) -> Tensor {
    try divideTensor(.tensor(left), .tensor(right))
  }
  /// The quotient by a number.
  public static func / (left: Tensor, right: Double) throws(TorchError) -> Tensor {
    try divideNumber(.tensor(left), .double(right))
  }
  /// The negative.
  public static prefix func - (operand: Tensor) throws(TorchError) -> Tensor { try negate(.tensor(operand)) }

  /// Each element to a power.
  public func power(_ exponent: Double) throws(TorchError) -> Tensor {
    try Self.power(.tensor(self), .double(exponent))
  }

  /// `self + weight · other`.
  public func adding(_ other: Tensor, times weight: Double) throws(TorchError) -> Tensor {
    try Self.addTensor(.tensor(self), .tensor(other), .double(weight))
  }
}
