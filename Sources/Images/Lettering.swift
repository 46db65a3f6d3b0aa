/// Text in the built-in letters, at whole multiples of their pixels.
struct Lettering: Sendable {
  /// One letter: its rows from the top, the leftmost column in the highest bit of `width`.
  struct Glyph: Sendable {
    var width: Int
    var rows: [[Bool]]
  }

  /// Pixels for each of the letters' own.
  var scale: Int
  /// Whether strokes are half again as wide.
  var isBold = false

  /// From one line to the next.
  var lineHeight: Int { 12 * scale }
  /// From the top of a capital to the line it stands on.
  var capitalHeight: Int { 7 * scale }

  /// How much wider a bold stroke is; nothing at the smallest size, where letters would close up.
  private var boldness: Int { isBold ? scale / 2 : 0 }

  private static let rowCount = 9

  /// The letters of ``GlyphArt``, cut to their width.
  static let glyphs: [Character: Glyph] = {
    var glyphs: [Character: Glyph] = [
      " ": Glyph(width: 3, rows: Array(repeating: [false, false, false], count: rowCount))
    ]
    let lines = GlyphArt.text.split(separator: "\n")
    for start in stride(from: 0, to: lines.count - rowCount, by: rowCount + 1) {
      let names = lines[start].split(separator: " ")
      let rows = lines[start + 1...start + rowCount].map { $0.split(separator: " ") }
      for (index, name) in names.enumerated() {
        let cells = rows.map { row in row[index].map { $0 == "#" } }
        // Figures keep their full width, so that they stand under one another.
        let used = (0..<5).filter { column in name.first?.isNumber == true || cells.contains { $0[column] } }
        guard let letter = name.first, let first = used.first, let last = used.last else { continue }
        glyphs[letter] = Glyph(width: last - first + 1, rows: cells.map { Array($0[first...last]) })
      }
    }
    return glyphs
  }()

  /// What stands for a letter that there is none for: an empty box, so that nothing disappears unseen.
  private static let box = Glyph(
    width: 5,
    rows: (0..<rowCount).map { row in
      (0..<5).map { column in row < 7 && (row == 0 || row == 6 || column == 0 || column == 4) }
    })

  /// Letters of Latin-1 with an accent are drawn without it: U+00C0 to U+00FF.
  private static let unaccented = Array("AAAAAAACEEEEIIIIDNOOOOO×OUUUUYPsaaaaaaaceeeeiiiidnooooo/ouuuuypy")

  private static let alike: [Character: Character] = [
    "—": "–", "−": "-", "‘": "'", "’": "'", "“": "\"", "”": "\"", "\u{A0}": " ", "\t": " ",
  ]

  static func glyph(_ letter: Character) -> Glyph {
    if let glyph = glyphs[letter] { return glyph }
    if let other = alike[letter], let glyph = glyphs[other] { return glyph }
    if let scalar = letter.unicodeScalars.first, letter.unicodeScalars.count == 1, (0xC0...0xFF).contains(scalar.value),
      let glyph = glyphs[unaccented[Int(scalar.value) - 0xC0]]
    {
      return glyph
    }
    return box
  }

  /// The pixels that a line takes from left to right.
  func width(of text: some StringProtocol) -> Int {
    let letters = text.reduce(0) { $0 + (Self.glyph($1).width + 1) * scale + boldness }
    return max(0, letters - scale)
  }

  /// Draws one line, its capitals' upper left corner at `x`, `y`; what would stand outside is cut off.
  func draw(_ text: some StringProtocol, on picture: inout Picture, x: Int, y: Int, colour: Colour) {
    var left = x
    for letter in text {
      let glyph = Self.glyph(letter)
      for (row, cells) in glyph.rows.enumerated() {
        for (column, isInk) in cells.enumerated() where isInk {
          picture.fill(
            x: left + column * scale, y: y + row * scale, width: scale + boldness, height: scale, colour: colour)
        }
      }
      left += (glyph.width + 1) * scale + boldness
    }
  }
}

extension Picture {
  /// Fills a rectangle; what would stand outside is cut off.
  mutating func fill(x: Int, y: Int, width: Int, height: Int, colour: Colour) {
    let pixel = colour.bytes(channels: channels)
    for row in max(0, y)..<max(0, y, min(self.height, y + height)) {
      for column in max(0, x)..<max(0, x, min(self.width, x + width)) {
        let start = (row * self.width + column) * channels
        for channel in 0..<channels { bytes[start + channel] = pixel[channel] }
      }
    }
  }
}
