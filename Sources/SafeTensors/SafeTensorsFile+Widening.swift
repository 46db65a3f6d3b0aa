package import CKernels

extension DType {
  /// The kernels' name of this dtype; nil for those without a numeric value of their own.
  var kernel: ck_dtype? {
    switch self {
    case .bool: CK_BOOL
    case .u8: CK_U8
    case .i8: CK_I8
    case .f8E5M2: CK_F8_E5M2
    case .f8E4M3: CK_F8_E4M3
    case .f8E4M3FNUZ: CK_F8_E4M3FNUZ
    case .f8E5M2FNUZ: CK_F8_E5M2FNUZ
    case .i16: CK_I16
    case .u16: CK_U16
    case .f16: CK_F16
    case .bf16: CK_BF16
    case .i32: CK_I32
    case .u32: CK_U32
    case .f32: CK_F32
    case .f64: CK_F64
    case .i64: CK_I64
    case .u64: CK_U64
    case .f4, .f6E2M3, .f6E3M2, .f8E8M0, .c64: nil
    }
  }
}

extension SafeTensorsFile {
  private func kernel(of tensor: TensorInfo) throws(SafeTensorsError) -> ck_dtype {
    guard let kernel = tensor.dtype.kernel else {
      throw SafeTensorsError(
        path: path, rule: .notNumeric, tensor: tensor.name,
        detail: "\(tensor.dtype.rawValue) has no numbers to widen; only its bytes can be read")
    }
    return kernel
  }

  /// A tensor's values as floats: exact, but for F64 and integers beyond 24 bits, which round to nearest even.
  public func floats(of tensor: TensorInfo) throws(SafeTensorsError) -> [Float] {
    let kernel = try kernel(of: tensor)
    let count = tensor.count
    return try withBytes(of: tensor) { span in
      unsafe span.withUnsafeBytes { source in
        unsafe [Float](unsafeUninitializedCapacity: count) { target, initialized in
          if let from = source.baseAddress, let to = target.baseAddress {
            unsafe ck_widen_f32(kernel, from, count, to, count, 1, count, 1)
          }
          initialized = count
        }
      }
    }
  }

  /// A tensor's values as doubles: exact, but for I64 and U64, which round to nearest even.
  public func doubles(of tensor: TensorInfo) throws(SafeTensorsError) -> [Double] {
    let kernel = try kernel(of: tensor)
    let count = tensor.count
    if count <= 16 { return tensor.dtype.widened(try copy(tensor)) }
    return try withBytes(of: tensor) { span in
      unsafe span.withUnsafeBytes { source in
        unsafe [Double](unsafeUninitializedCapacity: count) { target, initialized in
          if let from = source.baseAddress, let to = target.baseAddress {
            unsafe ck_widen_f64(kernel, from, count, to, count, 1, count, 1)
          }
          initialized = count
        }
      }
    }
  }

  /// Widens a block of a tensor, seen as a matrix, into a block of a larger row-major matrix, times `scale`.
  ///
  /// - Parameters:
  ///   - tensor: one of this file's tensors.
  ///   - rowLength: the length of a row of the tensor seen as a matrix.
  ///   - rows: the rows of the block.
  ///   - columns: the columns of the block.
  ///   - target: the elements of the larger matrix.
  ///   - offset: the index in `target` of the block's first element.
  ///   - stride: the length of a row of the larger matrix.
  ///   - scale: multiplies every value.
  package func widen<Number: WideNumber>(
    _ tensor: TensorInfo, rowLength: Int, rows: Range<Int>, columns: Range<Int>, into target: inout [Number],
    offset: Int, stride: Int, scale: Double
  ) throws(SafeTensorsError) {
    let kernel = try kernel(of: tensor)
    guard !rows.isEmpty, !columns.isEmpty else { return }
    precondition(
      rows.lowerBound >= 0 && columns.lowerBound >= 0 && columns.upperBound <= rowLength
        && rows.upperBound * rowLength <= tensor.count, "a block outside the tensor")
    precondition(
      offset >= 0 && columns.count <= stride && offset + (rows.count - 1) * stride + columns.count <= target.count,
      "a block outside the matrix")
    let first = (rows.lowerBound * rowLength + columns.lowerBound) * tensor.dtype.bitWidth / 8
    try withBytes(of: tensor) { span in
      unsafe span.withUnsafeBytes { source in
        unsafe target.withUnsafeMutableBufferPointer { buffer in
          if let from = source.baseAddress, let to = buffer.baseAddress {
            unsafe Number.widen(
              kernel, from + first, rowLength, to + offset, stride, rows.count, columns.count, scale)
          }
        }
      }
    }
  }

  /// How many of a tensor's values are NaN or infinite; 0 for formats that have no such values.
  /// - Throws: ``SafeTensorsError`` when the tensor cannot be read.
  public func nonFiniteCount(of tensor: TensorInfo) throws(SafeTensorsError) -> Int {
    guard tensor.dtype.isFloatingPoint, let kernel = tensor.dtype.kernel else { return 0 }
    return try withBytes(of: tensor) { span in
      unsafe span.withUnsafeBytes { source in
        guard let from = source.baseAddress else { return 0 }
        return unsafe ck_count_nonfinite(kernel, from, tensor.count)
      }
    }
  }
}

/// A type that stored numbers are widened to.
package protocol WideNumber: BinaryFloatingPoint, Sendable {
  /// Widens a block; the kernel's arguments.
  @unsafe static func widen(
    _ kernel: ck_dtype, _ source: UnsafeRawPointer, _ sourceStride: Int, _ target: UnsafeMutablePointer<Self>,
    _ targetStride: Int, _ rows: Int, _ columns: Int, _ scale: Double)
}

extension Float: WideNumber {
  @unsafe package static func widen(
    _ kernel: ck_dtype, _ source: UnsafeRawPointer, _ sourceStride: Int, _ target: UnsafeMutablePointer<Float>,
    _ targetStride: Int, _ rows: Int, _ columns: Int, _ scale: Double
  ) {
    unsafe ck_widen_f32(kernel, source, sourceStride, target, targetStride, rows, columns, Float(scale))
  }
}

extension Double: WideNumber {
  @unsafe package static func widen(
    _ kernel: ck_dtype, _ source: UnsafeRawPointer, _ sourceStride: Int, _ target: UnsafeMutablePointer<Double>,
    _ targetStride: Int, _ rows: Int, _ columns: Int, _ scale: Double
  ) {
    unsafe ck_widen_f64(kernel, source, sourceStride, target, targetStride, rows, columns, scale)
  }
}
