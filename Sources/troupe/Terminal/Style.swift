#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// How text is set off on a terminal; plain text everywhere else.
struct Style: Sendable {
  /// Whether colour may be used.
  let usesColour: Bool

  /// The style for standard output: colour on a terminal, unless `NO_COLOR` is set or the terminal is dumb.
  static let output = Style(usesColour: Terminal.isTerminal(STDOUT_FILENO) && Terminal.allowsColour)
  /// The style for standard error.
  static let error = Style(usesColour: Terminal.isTerminal(STDERR_FILENO) && Terminal.allowsColour)
  /// No colour at all.
  static let plain = Style(usesColour: false)

  func bold(_ text: String) -> String { wrapped(text, "1") }
  func dim(_ text: String) -> String { wrapped(text, "2") }
  func red(_ text: String) -> String { wrapped(text, "31") }
  func yellow(_ text: String) -> String { wrapped(text, "33") }
  func green(_ text: String) -> String { wrapped(text, "32") }
  func cyan(_ text: String) -> String { wrapped(text, "36") }

  private func wrapped(_ text: String, _ code: String) -> String {
    usesColour && !text.isEmpty ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
  }
}
