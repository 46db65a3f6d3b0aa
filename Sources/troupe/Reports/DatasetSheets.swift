import Images
import Trainer

/// What stands on which sheet, before any picture is read.
struct DatasetSheets {
  /// One file.
  struct Page {
    /// Its name without the folder.
    var file: String
    /// Whose pictures are on it.
    var title: String
    /// What is shown, row by row.
    var uses: [SeenUse]
    /// How many places of ``uses`` each row takes, with its heading.
    var rows: [(heading: String, count: Int)]
  }

  /// Rows of one file at most: viewers scale larger sheets down until nothing can be read.
  private static let mostRows = 30

  let pages: [Page]
  private let outline: DatasetOutline
  private let uses: Int
  private let columns: Int
  private let side: Int

  /// - Parameters:
  ///   - seen: the first uses of each source.
  ///   - uses: how many of each picture were asked for.
  ///   - columns: pictures in a row, where one use of each is shown.
  init(_ outline: DatasetOutline, _ seen: [[SeenUse]], uses: Int, columns: Int, side: Int) {
    self.outline = outline
    self.uses = uses
    self.columns = columns
    self.side = side
    var titles: [String] = []
    var shown: [[SeenUse]] = []
    for (source, own) in seen.enumerated() where !own.isEmpty {
      let member = outline.sources[source]
      let owner = outline.subsets[outline.pictures.pictures[own[0].picture].subset].member
      // A set without pictures of its own has one source for each character whose pictures it uses.
      titles.append(outline.members[member].name + (owner == member ? "" : " - \(outline.members[owner].name)"))
      shown.append(own)
    }
    let names = Self.fileNames(titles)
    var pages: [Page] = []
    for (index, own) in shown.enumerated() {
      let rows = Self.rows(own, outline: outline, perRow: uses == 1 ? columns : 0)
      let parts = stride(from: 0, to: rows.count, by: Self.mostRows).map {
        Array(rows[$0..<min(rows.count, $0 + Self.mostRows)])
      }
      var at = 0
      for (number, part) in parts.enumerated() {
        let count = part.reduce(0) { $0 + $1.count }
        let suffix = parts.count > 1 ? "-\(number + 1)" : ""
        pages.append(
          Page(
            file: names[index] + suffix + ".png",
            title: titles[index] + (parts.count > 1 ? " (\(number + 1) of \(parts.count))" : ""),
            uses: Array(own[at..<at + count]), rows: part))
        at += count
      }
    }
    self.pages = pages
  }

  /// Rows of one folder each, cut to a number of pictures; or one row for each picture when `perRow` is 0.
  private static func rows(
    _ uses: [SeenUse], outline: DatasetOutline, perRow: Int
  ) -> [(heading: String, count: Int)] {
    var rows: [(heading: String, count: Int)] = []
    var last: Int?
    for use in uses {
      let picture = outline.pictures.pictures[use.picture]
      let group = perRow == 0 ? use.picture : picture.subset
      if last == group, let row = rows.last, perRow == 0 || row.count < perRow {
        rows[rows.count - 1].count += 1
      } else {
        let path = perRow == 0 ? picture.path : outline.subsets[picture.subset].folder
        rows.append((last == group ? "" : lastPart(path), 1))
      }
      last = group
    }
    return rows
  }

  private static func lastPart(_ path: String) -> String { path.split(separator: "/").last.map(String.init) ?? path }

  /// Names that any file system takes, all different, whatever their case.
  static func fileNames(_ titles: [String]) -> [String] {
    var taken: Set<String> = []
    return titles.map { title in
      let parts = title.lowercased().split { !($0.isLetter || $0.isNumber || $0 == "_") }
      let plain = parts.isEmpty ? "sheet" : parts.joined(separator: "-")
      var name = plain
      var number = 2
      while !taken.insert(name).inserted { (name, number) = ("\(plain)-\(number)", number + 1) }
      return name
    }
  }

  /// A page with its pictures, which are in the order of its uses.
  func sheet(_ page: Page, _ pictures: [Picture]) -> ContactSheet {
    var rows: [ContactSheet.Row] = []
    var at = 0
    for row in page.rows {
      let cells = (at..<at + row.count).map { place in
        ContactSheet.Cell(pictures[place], caption: caption(page.uses[place]))
      }
      rows.append(ContactSheet.Row(row.heading, cells))
      at += row.count
    }
    let headings = uses == 1 ? [] : (1...uses).map { "use \($0)" }
    let seed = "seed \(outline.seed)"
    return ContactSheet(
      title: page.title,
      subtitle: uses == 1
        ? "The first use of each picture as the network sees it, with its caption; \(seed)"
        : "The first uses of each picture as the network sees them, with their captions; \(seed)",
      columns: headings, rows: rows, cellSide: side, textScale: side < 160 ? 1 : nil, captionLimit: 6)
  }

  private func caption(_ use: SeenUse) -> String {
    let size = use.view.placement.bucket
    var facts = ["\(size.width)×\(size.height)"]
    if uses == 1 { facts.insert(Self.lastPart(outline.pictures.pictures[use.picture].path), at: 0) }
    if uses > 1 { facts.append("step \(use.step + 1)") }
    if use.view.isFlipped { facts.append("mirrored") }
    return facts.joined(separator: ", ") + "\n" + (use.caption.isEmpty ? "(no caption)" : use.caption)
  }
}

/// What `troupe dataset sheet` drew.
struct DatasetSheetReport: Encodable {
  /// One file.
  struct Sheet: Encodable {
    var path: String
    var title: String
    var pictures: Int
    var width: Int
    var height: Int

    init(_ page: DatasetSheets.Page, path: String, width: Int, height: Int) {
      (self.path, title, pictures, self.width, self.height) = (path, page.title, page.uses.count, width, height)
    }
  }

  var schema = 1
  var file: String
  var uses: Int
  var sheets: [Sheet] = []

  init(file: String, uses: Int) { (self.file, self.uses) = (file, uses) }
}

/// The report on a terminal.
struct DatasetSheetView {
  private let report: DatasetSheetReport

  init(_ report: DatasetSheetReport) { self.report = report }

  func lines() -> [String] {
    guard !report.sheets.isEmpty else { return ["The run uses no picture, so there is nothing to show."] }
    var table = TextTable([.right, .right, .left, .left], header: ["pictures", "pixels", "of", "sheet"])
    for sheet in report.sheets {
      table.add([
        "\(sheet.pictures)", "\(sheet.width)×\(sheet.height)", Terminal.sanitised(sheet.title),
        Terminal.sanitised(sheet.path),
      ])
    }
    return table.lines()
  }
}
