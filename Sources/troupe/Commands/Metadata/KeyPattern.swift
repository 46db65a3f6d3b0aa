/// A key, or a pattern of keys as shells write them: `*` for any text, `?` for a character, `[ab]` for one of several.
struct KeyPattern: Sendable {
  let text: String
  /// Whether it can match more than one key.
  let isGlob: Bool

  init(_ text: String) {
    self.text = text
    isGlob = text.contains { "*?[".contains($0) }
  }

  /// Whether a key is meant.
  func matches(_ key: String) -> Bool {
    // A key may itself have such characters.
    guard isGlob, key != text else { return key.utf8.elementsEqual(text.utf8) }
    return Self.matches(Array(text)[...], Array(key)[...])
  }

  private static func matches(_ pattern: ArraySlice<Character>, _ key: ArraySlice<Character>) -> Bool {
    // The last star and what it has taken so far: going back to an earlier one is never needed.
    var (pattern, key) = (pattern, key)
    var star: (pattern: ArraySlice<Character>, key: ArraySlice<Character>)?
    while true {
      if pattern.first == "*" {
        pattern = pattern.dropFirst()
        star = (pattern, key)
        continue
      }
      if let character = key.first, let rest = rest(of: pattern, after: character) {
        (pattern, key) = (rest, key.dropFirst())
        continue
      }
      if pattern.isEmpty, key.isEmpty { return true }
      guard let last = star, !last.key.isEmpty else { return false }
      star = (last.pattern, last.key.dropFirst())
      (pattern, key) = (last.pattern, last.key.dropFirst())
    }
  }

  /// The pattern behind its first part, if that takes a character.
  private static func rest(of pattern: ArraySlice<Character>, after character: Character) -> ArraySlice<Character>? {
    switch pattern.first {
    case nil: return nil
    case "?": return pattern.dropFirst()
    case "[":
      guard let end = pattern.dropFirst(2).firstIndex(of: "]") else { fallthrough }
      let inner = pattern[pattern.startIndex + 1..<end]
      let isInverted = inner.first == "!" || inner.first == "^"
      return inner.dropFirst(isInverted ? 1 : 0).contains(character) != isInverted ? pattern[(end + 1)...] : nil
    default: return pattern.first == character ? pattern.dropFirst() : nil
    }
  }
}
