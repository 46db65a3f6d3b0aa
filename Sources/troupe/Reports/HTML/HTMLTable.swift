/// Pieces that several tables share.
enum HTMLTable {
  /// A table that scrolls by itself where the page is narrower, and can be scrolled with the keyboard.
  static func scrolling(_ name: String, _ table: HTML) -> HTML {
    "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"\(name)\">\(table)</div>\n"
  }

  /// What a table shows; it never gets wider than the screen, though the table may.
  static func caption(_ title: HTML, _ words: HTML = .empty) -> HTML {
    "<caption><div><strong>\(title)</strong> \(words)</div></caption>\n"
  }

  /// The head of a table, one cell for each title.
  static func head(_ titles: [HTML]) -> HTML {
    "<thead><tr>\(titles.map { "<th scope=\"col\">\($0)</th>" as HTML })</tr></thead>\n"
  }

  /// The z of the number it stands beside, in small print; nothing where it is not defined.
  static func deviations(_ z: Double?) -> HTML {
    z == nil ? .empty : "<small>z\u{2009}\(HTMLNumber.deviations(z))</small>"
  }

  /// A title that is heard but not seen.
  static func hidden(_ title: String) -> HTML { "<span class=\"hidden\">\(title)</span>" }

  /// A bar for a share of its longest neighbour; the number stands beside it.
  static func bar(_ share: Double) -> HTML {
    let width = HTMLNumber.coordinate(min(max(share, 0), 1) * 100)
    return """
      <svg class="bar" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
      <rect class="track" width="100" height="8"/><rect class="fill" width="\(width)" height="8"/></svg>
      """
  }

  /// A symbol of the glossary; its index is set low, as in print.
  static func symbol(_ letter: String, _ index: String) -> HTML { "\(letter)<sub>\(index)</sub>" }

  /// ω for what is read.
  static let omegaIn = symbol("ω", "in")
  /// ω for what is written.
  static let omegaOut = symbol("ω", "out")
  /// φ for what is read.
  static let phiIn = symbol("φ", "in")
  /// φ for what is written.
  static let phiOut = symbol("φ", "out")
}
