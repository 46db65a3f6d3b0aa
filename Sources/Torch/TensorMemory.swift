/// Memory that tensors share.
@safe public final class TensorMemory: @unchecked Sendable {
  // Written by its maker before a tensor sees it, then by operations in place alone.
  nonisolated(unsafe) let base: UnsafeMutableRawPointer
  /// The size in bytes.
  public let count: Int

  /// Memory of its own, with undefined contents, aligned for any vector instruction.
  public init(count: Int) {
    // One byte at least, because libtorch wants an address even for a tensor without elements.
    unsafe base = UnsafeMutableRawPointer.allocate(byteCount: max(count, 1), alignment: 64)
    self.count = count
  }

  convenience init(copying bytes: [UInt8]) {
    self.init(count: bytes.count)
    unsafe bytes.withUnsafeBytes {
      unsafe UnsafeMutableRawBufferPointer(start: base, count: count).copyMemory(from: $0)
    }
  }

  /// Lends the memory to be filled by code that knows no pointers.
  public func withMutableSpan<R, E: Error>(_ body: (inout MutableRawSpan) throws(E) -> R) throws(E) -> R {
    // Never more than `count`: memory of no bytes still has an address.
    var span = unsafe UnsafeMutableRawBufferPointer(start: base, count: count).mutableBytes
    return try body(&span)
  }

  deinit { unsafe base.deallocate() }
}
