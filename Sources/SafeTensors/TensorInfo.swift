/// One tensor of a file: its name, number format, shape and place.
public struct TensorInfo: Sendable, Hashable {
  /// The key in the header.
  public var name: String
  /// The number format.
  public var dtype: DType
  /// The sizes of the dimensions, outermost first; empty for a scalar.
  ///
  /// A dimension beyond `Int.max`, which only a tensor without elements can have, is stored as `Int.max`.
  public var shape: [Int]
  /// Where the data lie, in bytes from the end of the header.
  public var range: Range<Int>

  /// Creates a description; no rule is checked here.
  public init(name: String, dtype: DType, shape: [Int], range: Range<Int>) {
    self.name = name
    self.dtype = dtype
    self.shape = shape
    self.range = range
  }

  /// How many elements the tensor has; 1 for a scalar.
  public var count: Int { shape.contains(0) ? 0 : shape.reduce(1, *) }
}
