extension Tensor {
  private static let toType = Operator("aten::to", "dtype")
  private static let toDevice = Operator("aten::to", "device")
  private static let contiguous = Operator("aten::contiguous")
  private static let clone = Operator("aten::clone")
  private static let detach = Operator("aten::detach")
  private static let copy = Operator("aten::copy_")

  /// The same numbers in another format, rounded to nearest; itself when it has that format.
  public func to(_ type: ScalarType) throws(TorchError) -> Tensor {
    try Self.toType(.tensor(self), .type(type))
  }

  /// The same numbers on another device, in another format if one is given; itself when nothing changes.
  public func to(_ device: Device, _ type: ScalarType? = nil) throws(TorchError) -> Tensor {
    let target = if let type { type } else { try scalarType }
    return try Self.toDevice(.tensor(self), .device(device), .type(target))
  }

  /// The same numbers in this order in memory; itself when they are.
  public func contiguous(_ format: MemoryFormat = .contiguous) throws(TorchError) -> Tensor {
    try Self.contiguous(.tensor(self), .format(format))
  }

  /// A copy with storage of its own.
  public func copied() throws(TorchError) -> Tensor { try Self.clone(.tensor(self)) }

  /// The same storage without history: gradients stop here.
  public func detached() throws(TorchError) -> Tensor { try Self.detach(.tensor(self)) }

  /// Overwrites the elements with `source`'s, converted and broadcast.
  @discardableResult
  public func assign(_ source: Tensor) throws(TorchError) -> Tensor {
    try Self.copy(.tensor(self), .tensor(source))
  }
}
