import Synchronization

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// A line on standard error that shows how far a long task is, with rate and time left.
///
/// It appears after two seconds, and never when standard error is not a terminal.
final class ProgressLine: Sendable {
  private struct State {
    var lastShown: ContinuousClock.Instant
    var isShown = false
  }

  private let label: String
  private let unit: String
  private let start = ContinuousClock.now
  /// Whether there is a terminal to show it on.
  let isActive: Bool
  private let state: Mutex<State>

  /// Creates a line; nothing is shown yet.
  init(_ label: String, unit: String) {
    self.label = label
    self.unit = unit
    isActive = Terminal.isTerminal(STDERR_FILENO)
    state = Mutex(State(lastShown: .now))
  }

  /// Tells how many of how many are done; from any thread.
  /// - Parameters:
  ///   - first: how many were done before the line was made, which the rate leaves out.
  ///   - label: what is done instead of the line's own.
  ///   - note: what else there is to say, cut where the line ends.
  func update(
    _ done: Int, of total: Int, from first: Int = 0, label: String? = nil, unit: String? = nil, note: String = ""
  ) {
    guard isActive else { return }
    let now = ContinuousClock.now
    guard now - start > .seconds(2) else { return }
    let text: String? = state.withLock { state in
      guard !state.isShown || now - state.lastShown > .milliseconds(100) else { return nil }
      state.lastShown = now
      state.isShown = true
      let seconds = (now - start) / .seconds(1)
      let rate = Double(done - first) / seconds
      let left = rate > 0 ? Double(total - done) / rate : 0
      let text =
        "\(label ?? self.label): \(done) of \(total) \(unit ?? self.unit), \(Self.pace(rate)), \(Numbers.duration(left)) left"
        + (note.isEmpty ? "" : ", \(note)")
      return "\r\(TextTable.cut(text, to: Terminal.width - 1))\u{1B}[K"
    }
    if let text { Terminal.writeError(text) }
  }

  /// A rate that reads well: slow ones as the time that each takes.
  private static func pace(_ rate: Double) -> String {
    rate > 0 && rate < 0.5 ? "\(Numbers.fixed(1 / rate, 1)) s each" : "\(Numbers.fixed(rate, rate < 10 ? 1 : 0))/s"
  }

  /// Removes the line.
  func finish() {
    guard isActive, state.withLock({ $0.isShown }) else { return }
    Terminal.writeError("\r\u{1B}[K")
  }
}

extension ProgressLine {
  /// Runs work that tells how far it is, and takes the line away when it ends, well or not.
  static func following<Result>(
    _ label: String, unit: String, _ work: (@escaping @Sendable (Int, Int) -> Void) async throws -> Result
  ) async throws -> Result {
    let line = ProgressLine(label, unit: unit)
    defer { line.finish() }
    return try await work { line.update($0, of: $1) }
  }
}
