/// One argument of an ``Operator``.
public enum Argument: Sendable {
  /// Nothing, where the schema allows it.
  case none
  case tensor(Tensor)
  case int(Int)
  case double(Double)
  case bool(Bool)
  case ints([Int])
  case doubles([Double])
  case tensors([Tensor])
  case optionalTensors([Tensor?])
  case device(Device)
  case string(String)
  case generator(Generator)

  /// A tensor, or nothing.
  public static func optional(_ tensor: Tensor?) -> Argument { tensor.map { .tensor($0) } ?? .none }
  /// An integer, or nothing.
  public static func optional(_ value: Int?) -> Argument { value.map { .int($0) } ?? .none }
  /// A number format.
  public static func type(_ type: ScalarType) -> Argument { .int(Int(type.code)) }
  /// A number format, or nothing.
  public static func type(_ type: ScalarType?) -> Argument { type.map { .type($0) } ?? .none }
  /// The order of elements in memory.
  public static func format(_ format: MemoryFormat) -> Argument { .int(format.rawValue) }
}

/// The order of a tensor's elements in memory; the numbers are PyTorch's own.
public enum MemoryFormat: Int, Sendable {
  /// Row-major: width runs fastest.
  case contiguous = 0
  /// As the source.
  case preserve = 1
  /// Channels run fastest: convolutions on CPUs and tensor cores read it without reordering.
  case channelsLast = 2
}
