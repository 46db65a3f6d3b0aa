internal import CTorch

/// An array of numbers in libtorch: a counted reference to its storage, freed with the last of them.
///
/// Operations throw ``TorchError`` with libtorch's message, for instance when shapes do not fit. Shapes are in the
/// order of PyTorch: pictures are `[batch, channels, height, width]`, weights of linear layers `[out, in]`.
@safe public final class Tensor: @unchecked Sendable {
  // libtorch counts references atomically and never changes a handle. Operations that change elements in place are
  // named so, and their caller sees to it that nobody else uses the tensor meanwhile.
  nonisolated(unsafe) let handle: OpaquePointer
  nonisolated(unsafe) let table: Engine.Table

  /// Takes over a handle.
  init(taking handle: OpaquePointer, from table: Engine.Table) {
    unsafe self.handle = handle
    unsafe self.table = unsafe table
  }

  deinit { unsafe table.pointee.release(handle) }

  /// The sizes of the dimensions.
  public var shape: [Int] {
    let count = Int(unsafe table.pointee.dimensions(handle))
    var sizes = [Int64](repeating: 0, count: count)
    unsafe sizes.withUnsafeMutableBufferPointer { buffer in
      if let base = buffer.baseAddress { unsafe table.pointee.sizes(handle, base) }
    }
    return sizes.map(Int.init)
  }

  /// The number of dimensions.
  public var dimensions: Int { Int(unsafe table.pointee.dimensions(handle)) }

  /// The number of elements.
  public var count: Int { shape.reduce(1, *) }

  /// The number format of the elements.
  /// - Throws: ``TorchError`` for formats that Troupe does not compute in.
  public var scalarType: ScalarType {
    get throws(TorchError) {
      let code = unsafe table.pointee.scalar_type(handle)
      guard let type = ScalarType(code: code) else {
        throw TorchError(.missing, "a tensor has libtorch's number format \(code), which Troupe does not use")
      }
      return type
    }
  }

  /// Where the numbers are.
  public var device: Device { Device(unsafe table.pointee.device(handle)) }

  /// The size of one dimension; negative ones count from the end.
  public func size(_ dimension: Int) throws(TorchError) -> Int {
    let shape = shape
    let index = dimension < 0 ? dimension + shape.count : dimension
    guard shape.indices.contains(index) else {
      throw TorchError(.index, "dimension \(dimension) of a tensor of shape \(shape)")
    }
    return shape[index]
  }
}
