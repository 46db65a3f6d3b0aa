import Synchronization

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Where the handlers write; a handler cannot know more than a global variable.
private let target = Atomic<Int32>(-1)

/// Signals of this process as bytes that can be waited for together with other input.
///
/// One at a time in a process.
final class SignalPipe {
  /// Readable when a signal has come.
  let descriptor: Int32
  private let end: Int32
  private var before: [(signal: Int32, action: sigaction)] = []

  /// Catches signals until it is freed; `nil` when the system has no pipe left.
  init?(_ signals: [Int32]) {
    guard let ends = PipeEnds.make() else { return nil }
    descriptor = ends.reading
    end = ends.writing
    // A handler must never wait.
    for descriptor in [descriptor, end] { PipeEnds.neverWait(descriptor) }
    target.store(end, ordering: .sequentiallyConsistent)
    for signal in signals {
      var action = sigaction()
      var old = sigaction()
      #if canImport(Glibc)
      unsafe action.__sigaction_handler.sa_handler = SignalPipe.handle
      #else
      unsafe action.__sigaction_u.__sa_handler = SignalPipe.handle
      #endif
      action.sa_flags = SA_RESTART
      if unsafe sigaction(signal, &action, &old) == 0 { before.append((signal, old)) }
    }
  }

  private static let handle: @convention(c) (Int32) -> Void = { signal in
    let saved = errno
    var byte = UInt8(truncatingIfNeeded: signal)
    _ = unsafe write(target.load(ordering: .sequentiallyConsistent), &byte, 1)
    errno = saved
  }

  /// The signals that came since the last call, in their order.
  func received() -> [Int32] {
    var bytes = [UInt8](repeating: 0, count: 64)
    let count = unsafe bytes.withUnsafeMutableBytes { unsafe read(descriptor, $0.baseAddress, $0.count) }
    return count > 0 ? bytes[..<count].map(Int32.init) : []
  }

  deinit {
    for (signal, action) in before {
      var action = action
      unsafe sigaction(signal, &action, nil)
    }
    target.store(-1, ordering: .sequentiallyConsistent)
    close(descriptor)
    close(end)
  }
}

/// Pipes that no other program inherits.
enum PipeEnds {
  /// Two descriptors, or `nil` when the system has none left.
  static func make() -> (reading: Int32, writing: Int32)? {
    var ends: [Int32] = [-1, -1]
    guard unsafe pipe(&ends) == 0 else { return nil }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    return (ends[0], ends[1])
  }

  /// Lets reads and writes return at once when there is nothing to read or no room.
  static func neverWait(_ descriptor: Int32) {
    _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
  }
}
