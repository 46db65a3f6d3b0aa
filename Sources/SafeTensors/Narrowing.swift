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

  /// Rounds floats that are made panel by panel, so that each is stored while the processor's cache still holds it.
  ///
  /// - Parameters:
  ///   - count: how many values.
  ///   - size: the values of a panel; the last one may have fewer.
  ///   - policy: as for ``narrowed(_:scale:policy:)``.
  ///   - make: puts some of the values at the beginning of an array of `size` numbers.
  /// - Returns: as ``narrowed(_:scale:policy:)``.
  package func narrowed<Failure: Error>(
    count: Int, panels size: Int, policy: OverflowPolicy,
    _ make: (_ values: Range<Int>, _ panel: inout [Float]) throws(Failure) -> Void
  ) throws(Failure) -> (bytes: [UInt8], nonFinite: Int) {
    precondition(size > 0, "panels of nothing")
    guard DType.writable.contains(self), let kernel else { return ([], count) }
    var bad = 0
    var outcome = Result<Void, Failure>.success(())
    var panel = [Float](repeating: 0, count: size)
    let width = bitWidth / 8
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count * width) { target, initialized in
      do throws(Failure) {
        for first in stride(from: 0, to: count, by: size) {
          let part = first..<min(first + size, count)
          try make(part, &panel)
          unsafe panel.withUnsafeBufferPointer { source in
            if let from = source.baseAddress, let to = target.baseAddress {
              bad += unsafe ck_narrow_f32(
                kernel, from, 1, to + first * width, part.count, policy == .saturate ? 1 : 0)
            }
          }
        }
        initialized = count * width
      } catch { outcome = .failure(error) }
    }
    try outcome.get()
    return (bytes, bad)
  }
}
