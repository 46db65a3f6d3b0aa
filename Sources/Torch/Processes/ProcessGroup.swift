internal import CTorch
internal import Synchronization

/// The processes that train together, as one of them sees it.
///
/// All processes call the same methods in the same order, with tensors of the same shapes and formats; every call waits
/// for the others, so none belongs on a thread that must not wait. Where they disagree, all of them throw. A process that
/// stops, or does not answer within the timeout, is an error in the others, and the group is then of no more use.
/// Errors are ``TorchError`` of kind ``TorchError/Kind/processes``.
///
/// Numbers travel by Gloo on the CPU and by NCCL between CUDA devices; where NCCL is not installed, tensors of a device
/// go through the memory of the CPU. `GLOO_SOCKET_IFNAME` names the network card between machines.
@safe public final class ProcessGroup: Sendable {
  nonisolated(unsafe) private let handle: OpaquePointer
  nonisolated(unsafe) private let table: Engine.Table
  private let turn = Mutex(())

  /// This process, from 0.
  public let rank: Int
  /// The number of processes.
  public let count: Int

  /// Waits for all processes.
  /// - Parameter timeout: how long to wait for the others, here and in each later call. It must suffice for what one
  ///   process does while the others wait: reading the model, writing the LoRA.
  public init(_ rank: ProcessRank, timeout: Duration = .seconds(1800)) throws(TorchError) {
    let table = unsafe try Engine.get().table
    var error: OpaquePointer?
    let handle = unsafe table.pointee.group_join(
      rank.masterAddress, Int32(rank.masterPort + 1), Int32(rank.rank), Int32(rank.count), timeout / .seconds(1), &error
    )
    guard let handle = unsafe handle else { throw unsafe TorchError(taking: error, from: table) }
    unsafe self.handle = unsafe handle
    unsafe self.table = unsafe table
    self.rank = rank.rank
    self.count = rank.count
  }

  deinit { unsafe table.pointee.group_leave(handle) }

  /// Runs one call at a time: messages of two would mix.
  func alone<Result: Sendable>(_ body: () throws(TorchError) -> Result) throws(TorchError) -> Result {
    try turn.withLock { _ throws(TorchError) in try body() }
  }

  /// Sums a contiguous tensor in place.
  func sum(contiguous tensor: Tensor) throws(TorchError) {
    var error: OpaquePointer?
    if unsafe table.pointee.group_sum(handle, tensor.handle, &error) != 0 {
      throw unsafe TorchError(taking: error, from: table)
    }
  }

  /// Overwrites contiguous bytes with those of one process.
  func broadcast(contiguous bytes: Tensor, from root: Int) throws(TorchError) {
    var error: OpaquePointer?
    if unsafe table.pointee.group_broadcast(handle, bytes.handle, Int32(root), &error) != 0 {
      throw unsafe TorchError(taking: error, from: table)
    }
  }
}
