/// Text that is already safe to stand in the page.
///
/// Names, tags and metadata come out of files that anyone may have made. Every string put into an `HTML`
/// literal is escaped on the way, so that forgetting it is not possible; only another `HTML` value goes in as
/// it is.
struct HTML: Sendable, Equatable, ExpressibleByStringInterpolation {
  /// The markup.
  private(set) var markup: String

  /// Nothing.
  static let empty = HTML(markup: "")

  /// Takes text from outside: every character that means something to a browser is written as an entity.
  init(escaping text: String) { markup = Self.escape(text) }

  init(stringLiteral value: String) { markup = value }

  init(stringInterpolation: StringInterpolation) { markup = stringInterpolation.markup }

  private init(markup: String) { self.markup = markup }

  /// The literal parts are ours; the values between them are not.
  struct StringInterpolation: StringInterpolationProtocol {
    fileprivate var markup = ""

    init(literalCapacity: Int, interpolationCount: Int) { markup.reserveCapacity(literalCapacity) }

    mutating func appendLiteral(_ literal: String) { markup += literal }

    /// Text is escaped.
    mutating func appendInterpolation(_ text: String) { markup += HTML.escape(text) }

    /// A whole number needs no escaping.
    mutating func appendInterpolation(_ number: Int) { markup += String(number) }

    /// Markup stays what it is.
    mutating func appendInterpolation(_ html: HTML) { markup += html.markup }

    /// Pieces of markup follow one another.
    mutating func appendInterpolation(_ pieces: [HTML]) { for piece in pieces { markup += piece.markup } }
  }

  static func += (left: inout HTML, right: HTML) { left.markup += right.markup }
}

extension HTML {
  /// A sentence of a finding: what stands between two backticks becomes code.
  static func prose(_ sentence: String) -> HTML {
    let pieces = sentence.split(separator: "`", omittingEmptySubsequences: false).map(String.init)
    var html = HTML.empty
    for (index, piece) in pieces.enumerated() {
      if index.isMultiple(of: 2) {
        html += symbols(piece)
      } else if index == pieces.count - 1 {
        // The last backtick has no partner, so it is one of a name.
        html += "`\(piece)"
      } else {
        html += "<code>\(piece)</code>"
      }
    }
    return html
  }

  /// Plain text writes ω_in where print sets the index low.
  private static func symbols(_ text: String) -> HTML {
    var html = HTML.empty
    var rest = text[...]
    while let place = rest.firstIndex(where: { $0 == "ω" || $0 == "φ" }) {
      let tail = rest[rest.index(after: place)...]
      guard let index = ["in", "out"].first(where: { tail.hasPrefix("_" + $0) }) else {
        html += "\(String(rest[...place]))"
        rest = tail
        continue
      }
      html += "\(String(rest[...place]))<sub>\(index)</sub>"
      rest = tail.dropFirst(index.count + 1)
    }
    return "\(html)\(String(rest))"
  }

  /// A layer's dotted path that may be broken after its dots, so that it fits a narrow column.
  static func path(_ dotted: String) -> HTML {
    let pieces = dotted.split(separator: ".", omittingEmptySubsequences: false).map {
      HTML(escaping: String($0))
    }
    return pieces.joined(".<wbr>")
  }

  private static func escape(_ text: String) -> String {
    var escaped = ""
    escaped.reserveCapacity(text.utf8.count)
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": escaped += "&amp;"
      case "<": escaped += "&lt;"
      case ">": escaped += "&gt;"
      case "\"": escaped += "&quot;"
      case "'": escaped += "&#39;"
      case "\n", "\t": escaped.unicodeScalars.append(scalar)
      // Control characters are no text, and those that turn the writing direction make a name look like
      // another.
      case "\u{0}"..."\u{1F}", "\u{7F}"..."\u{9F}", "\u{200E}", "\u{200F}", "\u{202A}"..."\u{202E}",
        "\u{2066}"..."\u{2069}":
        escaped += "\u{FFFD}"
      default: escaped.unicodeScalars.append(scalar)
      }
    }
    return escaped
  }
}

extension Array where Element == HTML {
  /// Puts markup between the pieces.
  func joined(_ separator: HTML) -> HTML {
    var html = HTML.empty
    for (index, piece) in enumerated() {
      if index > 0 { html += separator }
      html += piece
    }
    return html
  }
}
