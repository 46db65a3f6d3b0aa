import Testing

@testable import Images

@Suite struct ContactSheetTests {
  static let red = Colour(red: 200, green: 10, blue: 10)

  static func plain(_ width: Int, _ height: Int, _ colour: Colour = red) -> Picture {
    Picture(width: width, height: height, filledWith: colour)
  }

  @Test func everyLetterOfASCIIHasAShapeOfItsOwn() {
    var shapes: [[[Bool]]: Character] = [:]
    for code in 33...126 {
      let letter = Character(Unicode.Scalar(UInt8(code)))
      #expect(Lettering.glyphs[letter] != nil, "\(letter)")
      let glyph = Lettering.glyph(letter)
      #expect(glyph.rows.count == 9 && glyph.rows.allSatisfy { $0.count == glyph.width })
      #expect(shapes.updateValue(letter, forKey: glyph.rows) == nil, "\(letter) looks like another letter")
    }
    // Nothing disappears: letters without a shape are boxes, and accents are left out.
    #expect(Lettering.glyph("ミ").rows == Lettering.glyph("\u{1F3AD}").rows)
    #expect(shapes[Lettering.glyph("ミ").rows] == nil)
    #expect(Lettering.glyph("é").rows == Lettering.glyph("e").rows)
    #expect(Lettering.glyph("ÿ").rows == Lettering.glyph("y").rows)
    #expect(Lettering.glyph("×").rows != Lettering.glyph("ミ").rows)
  }

  @Test func lettersAreDrawnWhereTheyBelong() {
    var picture = Self.plain(12, 9, .white)
    Lettering(scale: 1).draw("T!", on: &picture, x: 1, y: 1, colour: .black)
    let rows = (0..<9).map { y in String((0..<12).map { picture[$0, y].first == 0 ? "#" : "." }) }
    #expect(
      rows == [
        "............", ".#####.#....", "...#...#....", "...#...#....", "...#...#....", "...#...#....", "...#........",
        "...#...#....", "............",
      ])
    #expect(Lettering(scale: 1).width(of: "T!") == 7)
    #expect(Lettering(scale: 3).width(of: "T!") == 21)
    #expect(Lettering(scale: 3).width(of: "") == 0)
    // Outside is cut off.
    Lettering(scale: 4, isBold: true).draw("WWW", on: &picture, x: -30, y: -5, colour: .black)
  }

  @Test func longLabelsAreWrappedThenShortened() {
    let letters = Lettering(scale: 1)
    let width = letters.width(of: "nnnnnnnnnn")
    #expect(letters.wrapped("", width: width, lines: 3).isEmpty)
    #expect(letters.wrapped("one two three four", width: width, lines: 3) == ["one two", "three four"])
    #expect(letters.wrapped("one\ntwo", width: width, lines: 3) == ["one", "two"])
    for text in [
      "mira_and_ren_000012.safetensors", "oneveryveryverylongwordwithoutaseam", "a b c d e f g h i j k l m n o p",
    ] {
      for count in 1...4 {
        let lines = letters.wrapped(text, width: width, lines: count)
        #expect(lines.count <= count)
        #expect(lines.allSatisfy { letters.width(of: $0) <= width })
        #expect(lines.last?.hasSuffix("…") == true || lines.joined().filter { $0 != " " } == text.filter { $0 != " " })
      }
    }
    #expect(letters.wrapped("mira_and_ren_000012", width: width, lines: 3).first == "mira_and_")
    // Not even one letter fits.
    #expect(letters.wrapped("www", width: 1, lines: 2).count == 2)
  }

  @Test func picturesStandInRowsAndColumns() throws {
    let green = Colour(red: 0, green: 200, blue: 0)
    let sheet = ContactSheet(
      title: "Seeds", columns: ["one", "two"],
      rows: [
        .init("first", pictures: [Self.plain(40, 40), Self.plain(40, 40, green)]),
        .init("second", [.init(nil), .init(Self.plain(40, 20, green), caption: "0.7")]),
      ])
    let layout = SheetLayout(sheet)
    let picture = try sheet.picture()
    #expect(picture.channels == 3)
    #expect(picture.width == layout.width && picture.height == layout.height)
    func centre(_ column: Int, _ row: Int) -> [UInt8] {
      Array(picture[layout.columnLeft(column) + 20, layout.rowTop(row) + 20])
    }
    #expect(centre(0, 0) == [200, 10, 10])
    #expect(centre(1, 0) == [0, 200, 0])
    #expect(centre(0, 1) == [232, 232, 229])
    #expect(centre(1, 1) == [0, 200, 0])
    // The lower picture keeps its shape in the middle of its place.
    #expect(Array(picture[layout.columnLeft(1) + 20, layout.rowTop(1) + 5]) == [246, 246, 244])
    // Headings above the columns, left of the rows; a margin all around.
    func hasInk(_ xs: Range<Int>, _ ys: Range<Int>) -> Bool {
      ys.contains { y in xs.contains { x in Array(picture[x, y]) != [246, 246, 244] } }
    }
    for column in 0..<2 {
      let left = layout.columnLeft(column)
      #expect(hasInk(left..<left + 40, layout.top - layout.labelGap - 7..<layout.top))
    }
    #expect(hasInk(layout.margin..<layout.columnLeft(0), layout.rowTop(0)..<layout.rowTop(0) + 40))
    #expect(!hasInk(0..<layout.margin, 0..<picture.height))
    #expect(!hasInk(picture.width - layout.margin..<picture.width, 0..<picture.height))
    #expect(!hasInk(0..<picture.width, 0..<layout.margin))
    #expect(!hasInk(0..<picture.width, picture.height - layout.margin..<picture.height))
    #expect(try sheet.picture() == picture)
  }

  @Test func largePicturesAreShrunkAndSmallOnesAreNot() {
    let sheet = ContactSheet(
      columns: [], rows: [.init("", pictures: [Self.plain(300, 600), Self.plain(10, 10)])], cellSide: 60)
    let layout = SheetLayout(sheet)
    #expect(layout.cellWidth == 30 && layout.cellHeight == 60)
    #expect(layout.headingWidth == 0)
    #expect(layout.top == layout.margin)
  }

  @Test func emptySheetsAreDrawnAndHugeOnesAreRefused() throws {
    #expect(try ContactSheet(columns: [], rows: [], cellSide: 20).picture().width > 20)
    let row = ContactSheet.Row("", pictures: Array(repeating: Self.plain(512, 512), count: 30))
    let sheet = ContactSheet(title: "grid", columns: [], rows: Array(repeating: row, count: 30))
    let error = #expect(throws: ImageError.self) { try sheet.picture() }
    #expect(error?.kind == .tooLarge)
  }

  /// More lines only where they are asked for and needed.
  @Test func longCaptionsAreCutAtTheLimit() throws {
    let words = [String](repeating: "word", count: 60).joined(separator: " ")
    func height(_ caption: String, limit: Int?) throws -> Int {
      var sheet = ContactSheet(
        columns: [], rows: [.init("", [.init(Self.plain(200, 40, .black), caption: caption)])], textScale: 1)
      if let limit { sheet.captionLimit = limit }
      return try sheet.picture().height
    }
    let two = try height(words, limit: nil)
    #expect(try height(words, limit: 2) == two && height(words, limit: 6) == two + 4 * 12)
    #expect(try height("word", limit: 6) == two - 12)
  }
}
