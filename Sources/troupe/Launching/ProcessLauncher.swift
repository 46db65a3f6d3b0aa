#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif
#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Starts the processes of a run on this machine and stays until the last has ended.
///
/// Each has the variables of `torchrun` in its environment, and its share of the threads. The output of rank 0 is that of
/// the run; of the others, what they write to standard error appears with their rank before every line. When one fails
/// the others are ended, because they would wait for it. Signals that ask to stop are handed on to all.
struct ProcessLauncher {
  /// How long a process may take to end after it was asked to.
  static let patience = Duration.seconds(15)

  /// Runs copies of this program.
  /// - Parameters:
  ///   - count: how many, at least one.
  ///   - arguments: what each is called with, without the program's name and without `--processes`.
  /// - Returns: 0, or the exit code of the first that failed; 128 and the signal's number when a signal ended it.
  static func run(count: Int, arguments: [String]) -> Int32 {
    guard let program = ownProgram() else {
      Terminal.writeError(
        "error: the system does not tell where this program is, so it cannot start copies of itself\n")
      return Failure.Code.running.rawValue
    }
    return run(count: count, program: program, arguments: arguments)
  }

  /// The same with any program.
  static func run(count: Int, program: String, arguments: [String]) -> Int32 {
    guard let port = freePort(), let signals = SignalPipe([SIGINT, SIGTERM, SIGHUP, SIGCHLD]) else {
      Terminal.writeError(
        Style.error.red("error:") + " the processes cannot meet, because the system has no free port or file for them\n"
      )
      return Failure.Code.running.rawValue
    }
    var launcher = ProcessLauncher(signals: signals)
    let inherited = ProcessInfo.processInfo.environment
    for rank in 0..<count {
      let environment = inherited.merging(variables(rank: rank, of: count, port: port, in: inherited)) { $1 }
      guard launcher.start(rank, program, arguments, environment) else { break }
    }
    return launcher.watch(count: count)
  }

  /// What a rank finds in its environment.
  static func variables(rank: Int, of count: Int, port: Int, in environment: [String: String]) -> [String: String] {
    let threads =
      environment["TROUPE_THREADS"].flatMap { Int($0) }.flatMap { $0 > 0 ? $0 : nil } ?? ComputeOptions.cores
    return [
      "RANK": "\(rank)", "LOCAL_RANK": "\(rank)", "WORLD_SIZE": "\(count)", "MASTER_ADDR": "127.0.0.1",
      "MASTER_PORT": "\(port)", "TROUPE_THREADS": "\(max(1, threads / count))",
    ]
  }

  private let signals: SignalPipe
  private var running: [ChildProcess] = []
  private var failure: Int32?
  /// Whether all were told to stop by a signal from outside: then each ends in its own time, and one may still be saving.
  private var isStopping = false
  /// When those that still run are ended by force.
  private var deadline: ContinuousClock.Instant?

  private init(signals: SignalPipe) { self.signals = signals }

  private mutating func start(
    _ rank: Int, _ program: String, _ arguments: [String], _ environment: [String: String]
  ) -> Bool {
    do {
      running.append(try ChildProcess(rank: rank, program: program, arguments: arguments, environment: environment))
      return true
    } catch {
      Terminal.writeError(Style.error.red("error:") + " process \(rank) could not be started: \(error.text)\n")
      fail(Failure.Code.running.rawValue)
      return false
    }
  }

  /// Waits for signals, output and ends of processes.
  private mutating func watch(count: Int) -> Int32 {
    while !running.isEmpty {
      let sources = [signals.descriptor] + running.compactMap(\.output)
      var requests = sources.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
      // A tenth of a second once processes are to end; else until something happens.
      _ = unsafe poll(&requests, nfds_t(sources.count), deadline == nil ? 1000 : 100)
      for signal in signals.received() where signal != SIGCHLD {
        isStopping = true
        for child in running { child.send(signal) }
      }
      for index in running.indices { running[index].forwardOutput() }
      reap(of: count)
      if let deadline, ContinuousClock.now > deadline {
        for child in running { child.send(SIGKILL) }
      }
    }
    return failure ?? 0
  }

  private mutating func reap(of count: Int) {
    var left: [ChildProcess] = []
    var ended: [(rank: Int, code: Int32)] = []
    for var child in running {
      if let code = child.exitCode() {
        child.finishOutput()
        ended.append((child.rank, code))
      } else {
        left.append(child)
      }
    }
    running = left
    for (rank, code) in ended where code != 0 && failure == nil {
      if !left.isEmpty, !isStopping {
        let how = code > 128 ? "by signal \(code - 128)" : "with code \(code)"
        Terminal.writeError("process \(rank) of \(count) ended \(how); the others are ended too\n")
      }
      fail(code)
    }
  }

  private mutating func fail(_ code: Int32) {
    failure = code
    if isStopping { return }
    deadline = .now + Self.patience
    for child in running { child.send(SIGTERM) }
  }
}

extension ProcessLauncher {
  /// This program's file.
  ///
  /// Its true path, because the engine is looked for beside it.
  static func ownProgram() -> String? {
    var buffer = [UInt8](repeating: 0, count: 4096)
    #if canImport(Glibc)
    let length = unsafe buffer.withUnsafeMutableBytes { bytes in
      unsafe bytes.withMemoryRebound(to: CChar.self) { bytes in
        guard let base = bytes.baseAddress else { return -1 }
        return unsafe readlink("/proc/self/exe", base, bytes.count)
      }
    }
    guard length > 0, length < buffer.count else { return nil }
    return String(decoding: buffer[..<length], as: UTF8.self)
    #else
    var size = UInt32(buffer.count)
    let code = unsafe buffer.withUnsafeMutableBytes { unsafe _NSGetExecutablePath($0.baseAddress, &size) }
    guard code == 0, let end = buffer.firstIndex(of: 0) else { return nil }
    return String(decoding: buffer[..<end], as: UTF8.self)
    #endif
  }

  /// A port whose next one is free: that is where the processes meet.
  static func freePort() -> Int? {
    #if canImport(Glibc)
    let kind = Int32(SOCK_STREAM.rawValue)
    #else
    let kind = SOCK_STREAM
    #endif
    let descriptor = socket(AF_INET, kind, 0)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let found = unsafe withUnsafeMutablePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
        unsafe bind(descriptor, pointer, size) == 0 && getsockname(descriptor, pointer, &size) == 0
      }
    }
    return found ? Int(UInt16(bigEndian: address.sin_port)) - 1 : nil
  }
}
