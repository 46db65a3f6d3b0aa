// Elementwise functions and comparisons.
extension Tensor {
  private static let squareRoot = Operator("aten::sqrt")
  private static let exponential = Operator("aten::exp")
  private static let logarithm = Operator("aten::log")
  private static let sine = Operator("aten::sin")
  private static let cosine = Operator("aten::cos")
  private static let hyperbolicTangent = Operator("aten::tanh")
  private static let absolute = Operator("aten::abs")
  private static let sign = Operator("aten::sign")
  private static let round = Operator("aten::round")
  private static let clamp = Operator("aten::clamp")
  private static let sigmoid = Operator("aten::sigmoid")
  private static let silu = Operator("aten::silu")
  private static let gelu = Operator("aten::gelu")
  private static let relu = Operator("aten::relu")
  private static let softmax = Operator("aten::softmax", "int")
  private static let isFinite = Operator("aten::isfinite")
  private static let equal = Operator("aten::eq", "Tensor")
  private static let equalNumber = Operator("aten::eq", "Scalar")
  private static let less = Operator("aten::lt", "Scalar")
  private static let choose = Operator("aten::where", "self")
  private static let minimum = Operator("aten::minimum")
  private static let maximum = Operator("aten::maximum")

  /// The square root.
  public func squareRoot() throws(TorchError) -> Tensor { try Self.squareRoot(.tensor(self)) }
  /// `exp(x)`.
  public func exponential() throws(TorchError) -> Tensor { try Self.exponential(.tensor(self)) }
  /// The natural logarithm.
  public func logarithm() throws(TorchError) -> Tensor { try Self.logarithm(.tensor(self)) }
  /// The sine of radians.
  public func sine() throws(TorchError) -> Tensor { try Self.sine(.tensor(self)) }
  /// The cosine of radians.
  public func cosine() throws(TorchError) -> Tensor { try Self.cosine(.tensor(self)) }
  /// The hyperbolic tangent.
  public func hyperbolicTangent() throws(TorchError) -> Tensor { try Self.hyperbolicTangent(.tensor(self)) }
  /// Without the sign.
  public func absolute() throws(TorchError) -> Tensor { try Self.absolute(.tensor(self)) }
  /// −1, 0 or 1.
  public func sign() throws(TorchError) -> Tensor { try Self.sign(.tensor(self)) }
  /// To the nearest whole number, halves to even.
  public func rounded() throws(TorchError) -> Tensor { try Self.round(.tensor(self)) }
  /// `1 / (1 + exp(−x))`.
  public func sigmoid() throws(TorchError) -> Tensor { try Self.sigmoid(.tensor(self)) }
  /// `x · sigmoid(x)`.
  public func silu() throws(TorchError) -> Tensor { try Self.silu(.tensor(self)) }
  /// `x · Φ(x)` with the normal distribution's Φ, exact.
  public func gelu() throws(TorchError) -> Tensor { try Self.gelu(.tensor(self)) }
  /// `x · sigmoid(1.702 x)`, CLIP-L's activation.
  public func quickGelu() throws(TorchError) -> Tensor { try self * (self * 1.702).sigmoid() }
  /// The elements, or 0 where they are negative.
  public func relu() throws(TorchError) -> Tensor { try Self.relu(.tensor(self)) }

  /// Limits the elements to a range.
  public func clamped(_ range: ClosedRange<Double>) throws(TorchError) -> Tensor {
    try Self.clamp(.tensor(self), .double(range.lowerBound), .double(range.upperBound))
  }

  /// The elements, or `limit` where it is smaller.
  public func clamped(upTo limit: Double) throws(TorchError) -> Tensor {
    try Self.clamp(.tensor(self), .none, .double(limit))
  }

  /// The elements, or `limit` where it is greater.
  public func clamped(from limit: Double) throws(TorchError) -> Tensor {
    try Self.clamp(.tensor(self), .double(limit))
  }

  /// `exp(x) / Σ exp(x)` along a dimension, computed in `type` if one is given.
  public func softmax(_ dimension: Int = -1, in type: ScalarType? = nil) throws(TorchError) -> Tensor {
    try Self.softmax(.tensor(self), .int(dimension), .type(type))
  }

  /// Which elements are neither infinite nor NaN.
  public func isFinite() throws(TorchError) -> Tensor { try Self.isFinite(.tensor(self)) }
  /// Which elements are the same.
  public func equals(_ other: Tensor) throws(TorchError) -> Tensor { try Self.equal(.tensor(self), .tensor(other)) }
  /// Which elements are this number.
  public func equals(_ value: Double) throws(TorchError) -> Tensor {
    try Self.equalNumber(.tensor(self), .double(value))
  }
  /// Which elements are below a number.
  public func isLess(than value: Double) throws(TorchError) -> Tensor { try Self.less(.tensor(self), .double(value)) }

  /// `yes` where this tensor of truth values holds, else `no`.
  public func choose(_ yes: Tensor, _ no: Tensor) throws(TorchError) -> Tensor {
    try Self.choose(.tensor(self), .tensor(yes), .tensor(no))
  }

  /// The smaller of both, elementwise.
  public func minimum(_ other: Tensor) throws(TorchError) -> Tensor {
    try Self.minimum(.tensor(self), .tensor(other))
  }
  /// The greater of both, elementwise.
  public func maximum(_ other: Tensor) throws(TorchError) -> Tensor {
    try Self.maximum(.tensor(self), .tensor(other))
  }
}
