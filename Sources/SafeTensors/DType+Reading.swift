import CKernels

extension DType {
  /// The numbers that bytes in this format stand for; empty for formats without numbers.
  package func widened(_ bytes: [UInt8]) -> [Double] {
    guard let kernel else { return [] }
    let count = bytes.count * 8 / bitWidth
    return unsafe [Double](unsafeUninitializedCapacity: count) { target, initialized in
      unsafe bytes.withUnsafeBufferPointer { source in
        if let from = source.baseAddress, let to = target.baseAddress {
          unsafe ck_widen_f64(kernel, from, count, to, count, 1, count, 1)
        }
      }
      initialized = count
    }
  }

  /// The numbers that bytes in this format stand for, as floats; empty for formats without numbers.
  package func widenedFloats(_ bytes: [UInt8]) -> [Float] {
    guard let kernel else { return [] }
    let count = bytes.count * 8 / bitWidth
    return unsafe [Float](unsafeUninitializedCapacity: count) { target, initialized in
      unsafe bytes.withUnsafeBufferPointer { source in
        if let from = source.baseAddress, let to = target.baseAddress {
          unsafe ck_widen_f32(kernel, from, count, to, count, 1, count, 1)
        }
      }
      initialized = count
    }
  }
}
