/// Where everything of a contact sheet stands, in pixels.
struct SheetLayout {
  var text: Lettering
  var heading: Lettering
  var title: Lettering
  /// Around everything.
  var margin: Int
  /// Between pictures.
  var gap: Int
  /// Between a label and what it labels.
  var labelGap: Int
  var cellWidth: Int
  var cellHeight: Int
  var columnCount: Int
  var titleLines: [String]
  var subtitleLines: [String]
  var columnLines: [[String]]
  var rowLines: [[String]]
  /// By row, then by column.
  var captionLines: [[[String]]]
  /// The width of the row headings with the gap after them; 0 when there are none.
  var headingWidth: Int
  /// The upper edge of the first row's pictures.
  var top: Int
  var width: Int
  var height: Int

  init(_ sheet: ContactSheet) {
    let side = max(1, sheet.cellSide)
    let sizes = sheet.rows.flatMap(\.cells).compactMap { $0.picture?.size(fitting: side, side) }
    cellWidth = sizes.map(\.width).max() ?? side
    cellHeight = sizes.map(\.height).max() ?? side
    columnCount = max(1, sheet.columns.count, sheet.rows.map(\.cells.count).max() ?? 0)

    // A letter is about a fortieth of a picture; below the second size only tiny pictures are labelled.
    let scale = max(1, sheet.textScale ?? (cellWidth < 96 ? 1 : max(2, (cellWidth + 85) / 170)))
    text = Lettering(scale: scale)
    heading = Lettering(scale: scale, isBold: true)
    title = Lettering(scale: scale + (scale + 1) / 2, isBold: true)
    margin = 12 * scale
    gap = 6 * scale
    labelGap = 5 * scale

    let room = max(cellWidth * 2 / 3, 60 * scale)
    let (heading, text, title) = (heading, text, title)
    let cellWidth = cellWidth
    rowLines = sheet.rows.map { heading.wrapped($0.heading, width: room, lines: 5) }
    columnLines = sheet.columns.map { heading.wrapped($0, width: cellWidth, lines: 3) }
    captionLines = sheet.rows.map {
      $0.cells.map { text.wrapped($0.caption, width: cellWidth, lines: max(1, sheet.captionLimit)) }
    }
    let widest = rowLines.joined().map { heading.width(of: $0) }.max() ?? 0
    headingWidth = widest > 0 ? widest + 2 * labelGap : 0

    let grid = headingWidth + columnCount * cellWidth + (columnCount - 1) * gap
    // A narrow sheet grows a little for its title.
    let inner = max(grid, min(title.width(of: sheet.title), 160 * scale))
    titleLines = title.wrapped(sheet.title, width: inner, lines: 3)
    subtitleLines = text.wrapped(sheet.subtitle, width: inner, lines: 6)
    width = inner + 2 * margin

    top = margin
    if !titleLines.isEmpty { top += titleLines.count * title.lineHeight }
    if !subtitleLines.isEmpty { top += subtitleLines.count * text.lineHeight }
    if !titleLines.isEmpty || !subtitleLines.isEmpty { top += labelGap }
    let headingLines = columnLines.map(\.count).max() ?? 0
    if headingLines > 0 { top += (headingLines - 1) * heading.lineHeight + heading.capitalHeight + labelGap }
    height = 0
    height = rowTop(sheet.rows.count) - (sheet.rows.isEmpty ? 0 : gap) + margin
  }

  /// The upper edge of a row's pictures.
  func rowTop(_ row: Int) -> Int {
    (0..<row).reduce(top) { $0 + cellHeight + captionHeight(of: $1) + gap }
  }

  /// The left edge of a column's pictures.
  func columnLeft(_ column: Int) -> Int { margin + headingWidth + column * (cellWidth + gap) }

  private func captionHeight(of row: Int) -> Int {
    let lines = captionLines[row].map(\.count).max() ?? 0
    return lines == 0 ? 0 : labelGap + lines * text.lineHeight
  }
}
