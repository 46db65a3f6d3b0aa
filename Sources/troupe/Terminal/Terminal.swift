#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// What the program knows of the terminal it writes to.
enum Terminal {
  /// Whether a descriptor is a terminal.
  static func isTerminal(_ descriptor: Int32) -> Bool { isatty(descriptor) == 1 }

  /// Whether standard output is a terminal.
  static var showsOutput: Bool { isTerminal(STDOUT_FILENO) }

  /// Whether the environment allows colour (https://no-color.org).
  static var allowsColour: Bool {
    (variable("NO_COLOR") ?? "").isEmpty && variable("TERM") != "dumb"
  }

  /// An environment variable.
  static func variable(_ name: String) -> String? {
    guard let value = unsafe getenv(name) else { return nil }
    return unsafe String(cString: value)
  }

  /// Seconds since 1970.
  static var now: Double {
    var time = timespec()
    _ = unsafe clock_gettime(CLOCK_REALTIME, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }

  /// This machine's name.
  static var host: String {
    var name = [CChar](repeating: 0, count: 256)
    guard unsafe gethostname(&name, name.count - 1) == 0 else { return "localhost" }
    return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// This process' number.
  static var process: Int { Int(getpid()) }

  /// The folder that the program was started in.
  static var workingFolder: String {
    var path = [CChar](repeating: 0, count: 4096)
    guard unsafe getcwd(&path, path.count) != nil else { return "." }
    return String(decoding: path.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// The width to lay text out for, in columns: the terminal's, or 80 in a pipe; at least 60, at most 160.
  static var width: Int {
    var size = winsize()
    var columns = 80
    if isTerminal(STDOUT_FILENO), unsafe ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 {
      columns = Int(size.ws_col)
    } else if let text = variable("COLUMNS"), let number = Int(text) {
      columns = number
    }
    return min(160, max(60, columns))
  }

  /// Hands what was printed to the system, which a pipe or a file otherwise sees in blocks.
  static func flushOutput() { _ = fflush(nil) }

  /// Writes to standard error.
  static func writeError(_ text: String) {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      let count = unsafe rest.withUnsafeBytes { unsafe write(STDERR_FILENO, $0.baseAddress, $0.count) }
      // There is nowhere left to report that standard error is gone.
      guard count > 0 else { return }
      rest = rest.dropFirst(count)
    }
  }

  /// How many columns a text takes on a terminal, without escape sequences.
  ///
  /// Wide East Asian characters and emoji take two; combining marks none.
  static func columns(of text: String) -> Int {
    var count = 0
    var inEscape = false
    for character in text {
      if inEscape {
        if character == "m" { inEscape = false }
        continue
      }
      if character == "\u{1B}" {
        inEscape = true
        continue
      }
      guard let scalar = character.unicodeScalars.first else { continue }
      let value = scalar.value
      let isWide =
        (0x1100...0x115F).contains(value) || (0x2E80...0xA4CF).contains(value) || (0xAC00...0xD7A3).contains(value)
        || (0xF900...0xFAFF).contains(value) || (0xFE30...0xFE6F).contains(value) || (0xFF00...0xFF60).contains(value)
        || (0xFFE0...0xFFE6).contains(value) || (0x1F300...0x1FAFF).contains(value)
        || (0x20000...0x3FFFD).contains(value)
      count += isWide ? 2 : 1
    }
    return count
  }

  /// Text from a file made safe for a terminal: control characters, which could move the cursor or worse, become `?`.
  static func sanitised(_ text: String) -> String {
    guard text.unicodeScalars.contains(where: { isControl($0) }) else { return text }
    return String(String.UnicodeScalarView(text.unicodeScalars.map { isControl($0) ? "?" : $0 }))
  }

  private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
    scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value) || (0x202A...0x202E).contains(scalar.value)
      || (0x2066...0x2069).contains(scalar.value)
  }
}
