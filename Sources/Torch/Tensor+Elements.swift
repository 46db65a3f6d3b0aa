internal import CTorch

/// A Swift type whose arrays are tensors' elements.
public protocol TensorElement: BitwiseCopyable, Sendable {
  /// The format that has the same bytes.
  static var scalarType: ScalarType { get }
}

extension Float: TensorElement {
  /// Its format.
  public static var scalarType: ScalarType { .f32 }
}
extension Double: TensorElement {
  /// Its format.
  public static var scalarType: ScalarType { .f64 }
}
extension Int64: TensorElement {
  /// Its format.
  public static var scalarType: ScalarType { .i64 }
}
extension Int32: TensorElement {
  /// Its format.
  public static var scalarType: ScalarType { .i32 }
}
extension UInt8: TensorElement {
  /// Its format.
  public static var scalarType: ScalarType { .u8 }
}

extension Tensor {
  /// A tensor on the CPU with these elements in row-major order.
  /// - Throws: ``TorchError`` when the shape has another number of elements.
  public convenience init<Element: TensorElement>(_ elements: [Element], shape: [Int]) throws(TorchError) {
    guard shape.allSatisfy({ $0 >= 0 }), shape.reduce(1, *) == elements.count else {
      throw TorchError(.general, "\(elements.count) elements were given for a tensor of shape \(shape)")
    }
    let bytes = unsafe elements.withUnsafeBytes { unsafe [UInt8](unsafe $0) }
    try self.init(bytes: bytes, scalarType: Element.scalarType, shape: shape)
  }

  /// A vector.
  public convenience init<Element: TensorElement>(_ elements: [Element]) throws(TorchError) {
    try self.init(elements, shape: [elements.count])
  }

  /// A tensor on the CPU that owns these bytes.
  public convenience init(bytes: [UInt8], scalarType: ScalarType, shape: [Int]) throws(TorchError) {
    guard shape.allSatisfy({ $0 >= 0 }), shape.reduce(1, *) * scalarType.size == bytes.count else {
      throw TorchError(.general, "\(bytes.count) bytes were given for a tensor of shape \(shape) in \(scalarType)")
    }
    try self.init(memory: TensorMemory(copying: bytes), scalarType: scalarType, shape: shape)
  }

  /// A tensor on the CPU over memory that is shared, not copied.
  public convenience init(memory: TensorMemory, scalarType: ScalarType, shape: [Int]) throws(TorchError) {
    guard shape.allSatisfy({ $0 >= 0 }), shape.reduce(1, *) * scalarType.size <= memory.count else {
      throw TorchError(.general, "\(memory.count) bytes are too few for a tensor of shape \(shape) in \(scalarType)")
    }
    let engine = try Engine.get()
    let table = unsafe engine.table
    var error: OpaquePointer?
    let sizes = shape.map(Int64.init)
    let context = unsafe Unmanaged.passRetained(memory)
    let handle = unsafe sizes.withUnsafeBufferPointer { buffer in
      unsafe table.pointee.from_memory(
        memory.base, scalarType.code, buffer.baseAddress, Int32(buffer.count),
        { unsafe Unmanaged<TensorMemory>.fromOpaque($0).release() }, context.toOpaque(), &error)
    }
    guard let handle = unsafe handle else {
      unsafe context.release()
      throw unsafe TorchError(taking: error, from: table)
    }
    unsafe self.init(taking: handle, from: table)
  }

  /// The elements in row-major order.
  /// - Throws: ``TorchError`` when the tensor has another number format.
  public func array<Element: TensorElement>(of type: Element.Type = Element.self) throws(TorchError) -> [Element] {
    let own = try scalarType
    guard own == Element.scalarType else {
      throw TorchError(.general, "a tensor in \(own) was read as \(Element.scalarType)")
    }
    let count = count
    var failure: OpaquePointer?
    let elements = unsafe [Element](unsafeUninitializedCapacity: count) { buffer, filled in
      let code = unsafe table.pointee.copy_out(
        handle, UnsafeMutableRawPointer(buffer.baseAddress), count * MemoryLayout<Element>.stride, &failure)
      filled = code == 0 ? count : 0
    }
    if unsafe failure != nil { throw unsafe TorchError(taking: failure, from: table) }
    return elements
  }

  /// The bytes of the elements in row-major order, in the tensor's own format.
  public func bytes() throws(TorchError) -> [UInt8] {
    let count = count * (try scalarType).size
    var failure: OpaquePointer?
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      let code = unsafe table.pointee.copy_out(handle, UnsafeMutableRawPointer(buffer.baseAddress), count, &failure)
      filled = code == 0 ? count : 0
    }
    if unsafe failure != nil { throw unsafe TorchError(taking: failure, from: table) }
    return bytes
  }

  /// The only element, as a double.
  ///
  /// Waits for the device.
  public func item() throws(TorchError) -> Double {
    guard count == 1 else { throw TorchError(.general, "a tensor of shape \(shape) is not one number") }
    let values: [Double] = try to(.f64).array()
    return values[0]
  }
}
