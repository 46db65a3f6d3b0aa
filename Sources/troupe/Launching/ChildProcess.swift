#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// One process of a run.
struct ChildProcess {
  /// Why a process could not be started, in the system's words.
  struct StartError: Error {
    let text: String

    init(_ code: Int32) { text = unsafe String(cString: strerror(code)) }
  }

  let rank: Int
  private let identifier: pid_t
  /// Where its standard error is read; `nil` for rank 0, which writes to the terminal itself, and at its end.
  private(set) var output: Int32?
  /// The beginning of a line whose end has not come.
  private var line: [UInt8] = []

  /// Starts a program.
  init(rank: Int, program: String, arguments: [String], environment: [String: String]) throws(StartError) {
    self.rank = rank
    let ends = rank == 0 ? nil : PipeEnds.make()
    if rank > 0, ends == nil { throw StartError(errno) }
    defer { if let ends { close(ends.writing) } }
    do throws(StartError) {
      identifier = try Self.spawn(program, arguments, environment, error: ends?.writing)
    } catch {
      if let ends { close(ends.reading) }
      throw error
    }
    output = ends?.reading
    if let output { PipeEnds.neverWait(output) }
  }

  private static func spawn(
    _ program: String, _ arguments: [String], _ environment: [String: String], error: Int32?
  ) throws(StartError) -> pid_t {
    #if canImport(Glibc)
    var actions = unsafe posix_spawn_file_actions_t()
    var attributes = posix_spawnattr_t()
    #else
    var actions: posix_spawn_file_actions_t?
    var attributes: posix_spawnattr_t?
    #endif
    unsafe posix_spawn_file_actions_init(&actions)
    unsafe posix_spawnattr_init(&attributes)
    defer {
      unsafe posix_spawn_file_actions_destroy(&actions)
      unsafe posix_spawnattr_destroy(&attributes)
    }
    unsafe posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
    if let error {
      unsafe posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0)
      unsafe posix_spawn_file_actions_adddup2(&actions, error, STDERR_FILENO)
    }
    // A group of its own, so that Ctrl-C reaches each process once: from the launcher, not from the terminal as well.
    // The thread that starts it may block signals, which a process would inherit.
    var none = sigset_t()
    unsafe sigemptyset(&none)
    unsafe posix_spawnattr_setsigmask(&attributes, &none)
    unsafe posix_spawnattr_setpgroup(&attributes, 0)
    unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK))
    var identifier = pid_t()
    let code = unsafe withTexts([program] + arguments) { arguments in
      unsafe withTexts(environment.map { "\($0)=\($1)" }) { environment in
        unsafe posix_spawn(&identifier, program, &actions, &attributes, arguments, environment)
      }
    }
    guard code == 0 else { throw StartError(code) }
    return identifier
  }

  /// Lends copies of texts as a list that ends with `NULL`.
  private static func withTexts<Result>(
    _ texts: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Result
  ) -> Result {
    let copies = unsafe texts.map { unsafe strdup($0) } + [nil]
    defer { unsafe copies.forEach { unsafe free($0) } }
    return unsafe body(copies)
  }

  /// Sends a signal to the process and what it may have started.
  func send(_ signal: Int32) { _ = kill(-identifier, signal) }

  /// The exit code once it has ended, 128 and more for a signal; `nil` while it runs.
  ///
  /// To be asked until it answers, and not after.
  func exitCode() -> Int32? {
    var status: Int32 = 0
    guard unsafe waitpid(identifier, &status, WNOHANG) == identifier else { return nil }
    let signal = status & 0x7f
    return signal == 0 ? (status >> 8) & 0xff : 128 + signal
  }

  /// Writes the lines that it wrote to standard error, with its rank before each.
  mutating func forwardOutput() {
    guard let output else { return }
    var bytes = [UInt8](repeating: 0, count: 65536)
    while true {
      let count = unsafe bytes.withUnsafeMutableBytes { unsafe read(output, $0.baseAddress, $0.count) }
      if count > 0 {
        line += bytes[..<count]
        continue
      }
      if count == 0 {
        close(output)
        self.output = nil
      }
      break
    }
    while let end = line.firstIndex(of: UInt8(ascii: "\n")) {
      show(line[..<end])
      line.removeSubrange(...end)
    }
  }

  /// Writes what is left after its end.
  mutating func finishOutput() {
    forwardOutput()
    if !line.isEmpty { show(line[...]) }
    line = []
    if let output { close(output) }
    output = nil
  }

  private func show(_ line: ArraySlice<UInt8>) {
    Terminal.writeError("process \(rank): \(String(decoding: line, as: UTF8.self))\n")
  }
}
