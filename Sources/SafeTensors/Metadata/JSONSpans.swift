/// Where the members of a JSON object stand in a text that is known to be JSON.
struct JSONSpans {
  struct Member {
    /// The key with its quotes.
    var key: Range<Int>
    var value: Range<Int>
  }

  private(set) var members: [Member] = []
  private let bytes: [UInt8]
  private var at: Int

  /// Finds the members of the object that begins at or behind an index, spaces aside; nil where none does.
  init?(_ bytes: [UInt8], from start: Int) {
    self.bytes = bytes
    at = start
    skipSpace()
    guard take(UInt8(ascii: "{")) else { return nil }
    skipSpace()
    if take(UInt8(ascii: "}")) { return }
    while true {
      skipSpace()
      guard let key = string() else { return nil }
      skipSpace()
      guard take(UInt8(ascii: ":")) else { return nil }
      skipSpace()
      guard let value = value() else { return nil }
      members.append(Member(key: key, value: value))
      skipSpace()
      if take(UInt8(ascii: "}")) { return }
      guard take(UInt8(ascii: ",")) else { return nil }
    }
  }

  private mutating func skipSpace() {
    while at < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[at]) { at += 1 }
  }

  private mutating func take(_ byte: UInt8) -> Bool {
    guard at < bytes.count, bytes[at] == byte else { return false }
    at += 1
    return true
  }

  private mutating func string() -> Range<Int>? {
    let start = at
    guard take(UInt8(ascii: "\"")) else { return nil }
    while at < bytes.count {
      switch bytes[at] {
      case UInt8(ascii: "\\"): at += 2
      case UInt8(ascii: "\""):
        at += 1
        return start..<at
      default: at += 1
      }
    }
    return nil
  }

  private mutating func value() -> Range<Int>? {
    let start = at
    var depth = 0
    while at < bytes.count {
      switch bytes[at] {
      case UInt8(ascii: "\""):
        guard string() != nil else { return nil }
        if depth == 0 { return start..<at }
        continue
      case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
      case UInt8(ascii: "}"), UInt8(ascii: "]"):
        if depth == 0 { return start < at ? start..<at : nil }
        depth -= 1
        if depth == 0 {
          at += 1
          return start..<at
        }
      case UInt8(ascii: ","), 0x20, 0x09, 0x0A, 0x0D:
        if depth == 0 { return start < at ? start..<at : nil }
      default: break
      }
      at += 1
    }
    return nil
  }
}
