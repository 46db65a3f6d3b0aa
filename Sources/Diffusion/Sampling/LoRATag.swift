/// `<lora:name:0.8>` in a prompt: a LoRA by the name of its file, and its strength.
public struct LoRATag: Sendable, Hashable {
  /// The file's name without its ending.
  public var name: String
  /// What its change is multiplied by.
  public var strength: Double

  /// Makes a tag.
  public init(name: String, strength: Double = 1) {
    self.name = name
    self.strength = strength
  }

  /// The tag's text; characters of the name that would end it (`:`, `<`, `>`, line breaks) are left out.
  public var text: String { "<lora:\(Self.safe(name)):\(Infotext.text(strength))>" }

  /// A name without the characters that separate names from what follows them.
  static func safe(_ name: String) -> String {
    String(String.UnicodeScalarView(name.unicodeScalars.filter { !":<>\r\n".unicodeScalars.contains($0) }))
  }

  /// Takes the tags out of a prompt.
  ///
  /// Tags of another form (strengths by name, two strengths) stay where they are. Spaces before a tag go with it when
  /// nothing follows in its line.
  /// - Returns: the prompt without tags, and the tags in their order.
  public static func extract(from prompt: String) -> (prompt: String, tags: [LoRATag]) {
    var tags: [LoRATag] = []
    var lines: [String.UnicodeScalarView] = []
    for line in prompt.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false) {
      var kept = String.UnicodeScalarView()
      var rest = line
      var atTag = false
      while let first = rest.first {
        if first == "<", let (tag, after) = leading(rest) {
          tags.append(tag)
          rest = after
          atTag = true
        } else {
          kept.append(first)
          rest = rest.dropFirst()
          if !first.properties.isWhitespace { atTag = false }
        }
      }
      if atTag { while kept.last?.properties.isWhitespace == true { kept.removeLast() } }
      lines.append(kept)
    }
    return (lines.map { String($0) }.joined(separator: "\n"), tags)
  }

  /// The tag that a text begins with, and what follows it.
  private static func leading(_ text: Substring.UnicodeScalarView) -> (LoRATag, Substring.UnicodeScalarView)? {
    // A bracket within brackets begins anew, so that no text is searched twice.
    let inside = text.dropFirst().prefix { $0 != "<" && $0 != ">" }
    guard inside.endIndex < text.endIndex, text[inside.endIndex] == ">", let tag = LoRATag(inside) else { return nil }
    return (tag, text[text.index(after: inside.endIndex)...])
  }

  /// Reads what is between the brackets.
  private init?(_ inside: Substring.UnicodeScalarView) {
    let parts = String(inside).unicodeScalars.split(separator: ":", omittingEmptySubsequences: false).map {
      String($0)
    }
    guard (2...3).contains(parts.count), parts[0] == "lora", !parts[1].isEmpty else { return nil }
    if parts.count == 2 {
      self.init(name: parts[1])
    } else {
      guard let strength = Double(parts[2]), strength.isFinite else { return nil }
      self.init(name: parts[1], strength: strength)
    }
  }
}
