import ArgumentParser
import Images
import LinearAlgebra
import Trainer

/// `troupe dataset sheet`: pictures as the network will see them.
struct DatasetSheetCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sheet",
    abstract:
      "Draw labelled sheets of what the network will see: crops, flips, masks and captions of the run's first uses.",
    discussion: """
      There is one sheet for each character, group and regularisation set. Crops, flips and captions are those of the
      run itself, by its seed. What a mask leaves out of the loss is dark, and characters that
      are put side by side stand side by side. Pictures that the run does not use are not shown.

      Examples:
        troupe dataset sheet cast.toml -o sheets
        troupe dataset sheet cast.toml --uses 4 -o sheets
        troupe dataset sheet --dataset-config data.toml -o sheets
      """)

  @OptionGroup var dataset: DatasetOptions

  @Option(name: .shortAndLong, help: ArgumentHelp("The folder for the sheets.", valueName: "folder"))
  var output: String

  @Option(name: .long, help: ArgumentHelp("How many uses of each picture are shown.", valueName: "count"))
  var uses = 1

  @Option(name: .long, help: ArgumentHelp("The longest side of a picture in the sheet.", valueName: "pixels"))
  var side = 320

  @Option(
    name: .long, help: ArgumentHelp("Pictures side by side, where one use of each is shown.", valueName: "count"))
  var columns = 6

  @Flag(name: .long, help: "Replace sheets that exist.")
  var force = false

  @Flag(name: .long, help: "Print what was drawn as JSON.")
  var json = false

  @Option(name: .long, help: ArgumentHelp("How many pictures are read at once.", valueName: "count"))
  var workers: Int = ComputeOptions.cores

  func validate() throws {
    guard (1...64).contains(uses) else { throw ValidationError("--uses must be from 1 to 64.") }
    guard (16...2048).contains(side) else { throw ValidationError("--side must be from 16 to 2048.") }
    guard (1...64).contains(columns) else { throw ValidationError("--columns must be from 1 to 64.") }
    guard (1...256).contains(workers) else { throw ValidationError("--workers must be from 1 to 256.") }
    guard !output.isEmpty else { throw ValidationError("--output is empty; name a folder.") }
  }

  func run() async throws {
    let outline = try dataset.outline()
    let seen = try SeenUse.first(uses, of: outline)
    let sheets = DatasetSheets(outline, seen, uses: uses, columns: columns, side: side)
    let targets = try SheetTargets(folder: output, names: sheets.pages.map(\.file), replacing: force)
    let total = sheets.pages.reduce(0) { $0 + $1.uses.count }
    var report = DatasetSheetReport(file: outline.file, uses: uses)
    let progress = ProgressLine("drawing", unit: "pictures")
    defer { progress.finish() }
    var done = 0
    for page in sheets.pages {
      let before = done
      let side = side
      let pictures = try await ParallelMap.run(
        count: page.uses.count, width: workers, scratch: {}, progress: { progress.update(before + $0, of: total) }
      ) { index, _ in try page.uses[index].shown(outline, side: side) }
      done += pictures.count
      let sheet = try sheets.sheet(page, pictures).picture()
      let path = try targets.write(sheet, page.file)
      report.sheets.append(.init(page, path: path, width: sheet.width, height: sheet.height))
    }
    progress.finish()
    if json {
      try JSONOutput.print(report)
    } else {
      DatasetSheetView(report).lines().forEach { print($0) }
    }
  }
}
