// New tensors.
extension Tensor {
  private static let fullOperator = Operator("aten::full")
  private static let emptyOperator = Operator("aten::empty", "memory_format")
  private static let range = Operator("aten::arange", "start_step")
  private static let identityOperator = Operator("aten::eye")
  private static let zerosLike = Operator("aten::zeros_like")
  private static let normal = Operator("aten::randn", "generator")
  private static let uniform = Operator("aten::rand", "generator")
  private static let integers = Operator("aten::randint", "generator")
  private static let permutation = Operator("aten::randperm", "generator")

  /// All elements the same.
  public static func full(
    _ shape: [Int], _ value: Double, _ type: ScalarType = .f32, on device: Device = .cpu
  ) throws(TorchError) -> Tensor {
    try fullOperator(.ints(shape), .double(value), .type(type), .none, .device(device))
  }

  /// Zeros.
  public static func zeros(_ shape: [Int], _ type: ScalarType = .f32, on device: Device = .cpu) throws(TorchError)
    -> Tensor
  {
    try full(shape, 0, type, on: device)
  }

  /// Ones.
  public static func ones(_ shape: [Int], _ type: ScalarType = .f32, on device: Device = .cpu) throws(TorchError)
    -> Tensor
  {
    try full(shape, 1, type, on: device)
  }

  /// Memory as it is found, to be filled.
  public static func empty(_ shape: [Int], _ type: ScalarType = .f32, on device: Device = .cpu) throws(TorchError)
    -> Tensor
  {
    try emptyOperator(.ints(shape), .type(type), .none, .device(device))
  }

  /// `start, start + step, …`, below `end`.
  public static func range(
    from start: Double = 0, to end: Double, by step: Double = 1, _ type: ScalarType = .f32, on device: Device = .cpu
  ) throws(TorchError) -> Tensor {
    try range(.double(start), .double(end), .double(step), .type(type), .none, .device(device))
  }

  /// Ones on the diagonal of a square, zeros elsewhere.
  public static func identity(_ size: Int, _ type: ScalarType = .f32) throws(TorchError) -> Tensor {
    try identityOperator(.int(size), .type(type))
  }

  /// Zeros of this shape, format and device.
  public func zerosLike() throws(TorchError) -> Tensor { try Self.zerosLike(.tensor(self)) }

  /// Normal numbers of mean 0 and variance 1, on the CPU: PyTorch's own for the same seed.
  public static func normal(
    _ shape: [Int], _ type: ScalarType = .f32, using generator: Generator
  ) throws(TorchError) -> Tensor {
    try normal(.ints(shape), .generator(generator), .type(type))
  }

  /// Numbers from 0 (included) to 1 (excluded), on the CPU.
  public static func uniform(
    _ shape: [Int], _ type: ScalarType = .f32, using generator: Generator
  ) throws(TorchError) -> Tensor {
    try uniform(.ints(shape), .generator(generator), .type(type))
  }

  /// Whole numbers from 0 (included) to `limit` (excluded), on the CPU.
  public static func integers(
    below limit: Int, _ shape: [Int], using generator: Generator
  ) throws(TorchError) -> Tensor {
    try integers(.int(limit), .ints(shape), .generator(generator), .type(.i64))
  }

  /// The numbers `0..<count` in a random order.
  public static func permutation(_ count: Int, using generator: Generator) throws(TorchError) -> Tensor {
    try permutation(.int(count), .generator(generator), .type(.i64))
  }
}
