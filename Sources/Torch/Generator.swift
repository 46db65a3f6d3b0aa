internal import CTorch

/// A stream of random numbers on the CPU: the same seed gives the same numbers as PyTorch's CPU generator, whatever
/// device they are used on.
@safe public final class Generator: @unchecked Sendable {
  // Drawing changes its state; a generator belongs to one task at a time.
  nonisolated(unsafe) let handle: OpaquePointer
  nonisolated(unsafe) private let table: Engine.Table

  /// A new stream.
  public init(seed: UInt64) throws(TorchError) {
    let table = unsafe try Engine.get().table
    var error: OpaquePointer?
    guard let handle = unsafe table.pointee.generator_make(seed, &error) else {
      throw unsafe TorchError(taking: error, from: table)
    }
    unsafe self.handle = unsafe handle
    unsafe self.table = unsafe table
  }

  deinit { unsafe table.pointee.generator_free(handle) }

  /// The state, to be stored and restored: with it, a stream goes on where it stopped.
  public func state() throws(TorchError) -> [UInt8] {
    var error: OpaquePointer?
    guard let state = unsafe table.pointee.generator_state(handle, &error) else {
      throw unsafe TorchError(taking: error, from: table)
    }
    return try unsafe Tensor(taking: state, from: table).array()
  }

  /// Goes back to a stored state.
  /// - Throws: ``TorchError`` when the bytes are no state of such a generator.
  public func restore(_ state: [UInt8]) throws(TorchError) {
    var error: OpaquePointer?
    let tensor = try Tensor(state)
    if unsafe table.pointee.generator_restore(handle, tensor.handle, &error) != 0 {
      throw unsafe TorchError(taking: error, from: table)
    }
  }
}
