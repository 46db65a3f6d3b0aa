extension SheetLayout {
  private static let ground = Colour(red: 246, green: 246, blue: 244)
  private static let ink = Colour(red: 34, green: 36, blue: 40)
  private static let quiet = Colour(red: 104, green: 108, blue: 114)
  private static let empty = Colour(red: 232, green: 232, blue: 229)

  func drawn(_ sheet: ContactSheet) -> Picture {
    var canvas = Picture(width: width, height: height, filledWith: Self.ground)
    var y = margin
    for line in titleLines {
      title.draw(line, on: &canvas, x: margin, y: y, colour: Self.ink)
      y += title.lineHeight
    }
    for line in subtitleLines {
      text.draw(line, on: &canvas, x: margin, y: y, colour: Self.quiet)
      y += text.lineHeight
    }
    for (column, lines) in columnLines.enumerated() {
      // The last lines of all headings stand on one line.
      let first = top - labelGap - heading.capitalHeight - (lines.count - 1) * heading.lineHeight
      centre(lines, in: heading, on: &canvas, column: column, y: first, colour: Self.ink)
    }
    for (index, row) in sheet.rows.enumerated() {
      let rowTop = rowTop(index)
      let lines = rowLines[index]
      let tall = (lines.count - 1) * heading.lineHeight + heading.capitalHeight
      for (line, label) in lines.enumerated() {
        heading.draw(
          label, on: &canvas, x: margin, y: rowTop + (cellHeight - tall) / 2 + line * heading.lineHeight,
          colour: Self.ink)
      }
      for column in 0..<columnCount {
        draw(column < row.cells.count ? row.cells[column].picture : nil, on: &canvas, column: column, y: rowTop)
      }
      for (column, lines) in captionLines[index].enumerated() {
        centre(lines, in: text, on: &canvas, column: column, y: rowTop + cellHeight + labelGap, colour: Self.quiet)
      }
    }
    return canvas
  }

  private func draw(_ picture: Picture?, on canvas: inout Picture, column: Int, y: Int) {
    let left = columnLeft(column)
    guard let picture else {
      canvas.fill(x: left, y: y, width: cellWidth, height: cellHeight, colour: Self.empty)
      return
    }
    let size = picture.size(fitting: cellWidth, cellHeight)
    let small = picture.resized(width: size.width, height: size.height)
    canvas.paste(
      small, x: left + (cellWidth - size.width) / 2, y: y + (cellHeight - size.height) / 2, background: .white)
  }

  private func centre(
    _ lines: [String], in lettering: Lettering, on canvas: inout Picture, column: Int, y: Int, colour: Colour
  ) {
    for (index, line) in lines.enumerated() {
      let x = columnLeft(column) + (cellWidth - lettering.width(of: line)) / 2
      lettering.draw(line, on: &canvas, x: x, y: y + index * lettering.lineHeight, colour: colour)
    }
  }
}
