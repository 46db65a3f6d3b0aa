// Sums, means and extremes over all elements or some dimensions.
extension Tensor {
  private static let sumAll = Operator("aten::sum")
  private static let sumSome = Operator("aten::sum", "dim_IntList")
  private static let meanAll = Operator("aten::mean")
  private static let meanSome = Operator("aten::mean", "dim")
  private static let norm = Operator("aten::norm", "ScalarOpt_dim")
  private static let maximum = Operator("aten::max")
  private static let minimum = Operator("aten::min")
  private static let largest = Operator("aten::amax")
  private static let argmax = Operator("aten::argmax")
  private static let deviation = Operator("aten::std", "dim")
  private static let cumulativeProduct = Operator("aten::cumprod")
  private static let cumulativeSum = Operator("aten::cumsum")
  private static let all = Operator("aten::all")

  /// The sum of all elements, or over some dimensions.
  public func sum(_ dimensions: [Int]? = nil, keep: Bool = false) throws(TorchError) -> Tensor {
    guard let dimensions else { return try Self.sumAll(.tensor(self)) }
    return try Self.sumSome(.tensor(self), .ints(dimensions), .bool(keep))
  }

  /// The mean of all elements, or over some dimensions.
  public func mean(_ dimensions: [Int]? = nil, keep: Bool = false) throws(TorchError) -> Tensor {
    guard let dimensions else { return try Self.meanAll(.tensor(self)) }
    return try Self.meanSome(.tensor(self), .ints(dimensions), .bool(keep))
  }

  /// The Euclidean norm over all elements, or over some dimensions.
  public func norm(_ dimensions: [Int] = [], keep: Bool = false) throws(TorchError) -> Tensor {
    try Self.norm(.tensor(self), .none, .ints(dimensions), .bool(keep))
  }

  /// The standard deviation over some dimensions, with `n − 1` in the denominator.
  public func standardDeviation(_ dimensions: [Int], keep: Bool = false) throws(TorchError) -> Tensor {
    try Self.deviation(.tensor(self), .ints(dimensions), .bool(true), .bool(keep))
  }

  /// The greatest element.
  public func maximum() throws(TorchError) -> Tensor { try Self.maximum(.tensor(self)) }
  /// The smallest element.
  public func minimum() throws(TorchError) -> Tensor { try Self.minimum(.tensor(self)) }

  /// The greatest elements along some dimensions.
  public func maximum(_ dimensions: [Int], keep: Bool = false) throws(TorchError) -> Tensor {
    try Self.largest(.tensor(self), .ints(dimensions), .bool(keep))
  }

  /// Where the greatest element along a dimension is; the first of several.
  public func indexOfMaximum(_ dimension: Int) throws(TorchError) -> Tensor {
    try Self.argmax(.tensor(self), .int(dimension))
  }

  /// The products of the elements up to each.
  public func cumulativeProduct(_ dimension: Int) throws(TorchError) -> Tensor {
    try Self.cumulativeProduct(.tensor(self), .int(dimension))
  }

  /// The sums of the elements up to each.
  public func cumulativeSum(_ dimension: Int) throws(TorchError) -> Tensor {
    try Self.cumulativeSum(.tensor(self), .int(dimension))
  }

  /// Whether all elements are finite.
  ///
  /// Waits for the device.
  public func allFinite() throws(TorchError) -> Bool {
    try Self.all(.tensor(isFinite())).to(.f64).item() != 0
  }
}
