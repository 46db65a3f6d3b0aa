import CKernels

/// What to do with a finite value that the target format cannot hold.
public enum OverflowPolicy: Sendable {
  /// Report it, so that the caller can refuse to write the file.
  case refuse
  /// Store the largest finite value of the same sign.
  case saturate
}

extension DType {
  /// The formats that ``narrowed(_:scale:policy:)`` can produce.
  public static let writable: [DType] = [.f32, .f16, .bf16, .f8E4M3, .f8E5M2]

  /// Rounds floats to this format, to nearest even.
  ///
  /// - Parameters:
  ///   - values: the values to store.
  ///   - scale: multiplies every value, in single precision, before it is rounded.
  ///   - policy: what happens to finite values beyond the largest finite one.
  /// - Returns: the bytes as they stand in a file, and how many values came out NaN or infinite. This format
  ///   must be one of ``writable``; for any other, every value counts as not stored.
  public func narrowed(
    _ values: [Float], scale: Float = 1, policy: OverflowPolicy = .refuse
  ) -> (bytes: [UInt8], nonFinite: Int) {
    guard DType.writable.contains(self), let kernel else { return ([], values.count) }
    var bad = 0
    let size = values.count * bitWidth / 8
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: size) { target, initialized in
      unsafe values.withUnsafeBufferPointer { source in
        if let from = source.baseAddress, let to = target.baseAddress {
          bad = unsafe ck_narrow_f32(kernel, from, scale, to, values.count, policy == .saturate ? 1 : 0)
        }
      }
      initialized = size
    }
    return (bytes, bad)
  }
}
