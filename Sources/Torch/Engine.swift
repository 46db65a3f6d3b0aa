internal import CTorch

/// The library that holds libtorch, opened when the first tensor is made.
///
/// It stands beside the program, unless `TROUPE_ENGINE` names another file.
@safe public struct Engine: Sendable {
  typealias Table = UnsafePointer<troupe_torch>

  /// The table of functions.
  ///
  /// It lives as long as the process.
  nonisolated(unsafe) let table: Table
  /// The opened file.
  public let path: String

  /// The engine of this process, or why there is none.
  ///
  /// Opening takes half a second the first time.
  public static let shared: Result<Engine, TorchError> = open()

  /// The engine.
  /// - Throws: ``TorchError`` of kind ``TorchError/Kind/unavailable``, with what to do.
  static func get() throws(TorchError) -> Engine { try shared.get() }

  /// libtorch's version, such as `1.13.1`.
  public var version: String { unsafe String(cString: table.pointee.torch_version) }

  /// How libtorch was built: BLAS, oneDNN, instruction sets, threads; several lines.
  public var configuration: String { unsafe String(cString: table.pointee.configuration()) }

  /// The devices that can be computed on, the CPU last.
  public var devices: [Device] {
    var found: [Device] = []
    for index in 0..<max(0, unsafe table.pointee.device_count(Device.Kind.cuda.code)) {
      found.append(Device(.cuda, index: Int(index)))
    }
    if unsafe table.pointee.device_count(Device.Kind.mps.code) > 0 { found.append(Device(.mps)) }
    return found + [.cpu]
  }

  /// Threads of one operation on the CPU.
  public var threads: Int {
    Int(unsafe table.pointee.get_threads())
  }

  /// Sets the threads of one operation on the CPU.
  public func setThreads(_ count: Int) {
    unsafe table.pointee.set_threads(Int32(clamping: max(1, count)))
  }

  /// Handles that are alive, for tests of leaks.
  public var liveHandles: Int { Int(unsafe table.pointee.live_handles()) }

  /// Gives freed memory back to the system.
  ///
  /// The allocator keeps it otherwise, which looks like a leak.
  public func trimMemory() { unsafe table.pointee.trim_memory() }

  /// Waits until the device has done what was asked of it.
  public func synchronise(_ device: Device) throws(TorchError) {
    var error: OpaquePointer?
    if unsafe table.pointee.synchronise(device.code, &error) != 0 {
      throw unsafe TorchError(taking: error, from: table)
    }
  }

  /// The most bytes that tensors held on a CUDA device so far, or `nil` where libtorch does not tell.
  public func memoryPeak(of device: Device) -> Int? {
    let bytes = unsafe table.pointee.memory_peak(device.code)
    return bytes > 0 ? Int(bytes) : nil
  }
}
