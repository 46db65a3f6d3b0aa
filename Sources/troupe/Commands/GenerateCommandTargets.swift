import ArgumentParser
import Images

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// The files that a run writes; checked before anything is computed.
struct GenerateTargets {
  private let output: String?
  private let grid: String?
  private let plan: GeneratePlan
  private let replacing: Bool

  /// - Throws: `ValidationError` when one file is named for several pictures; ``ImageError`` for names that are taken.
  init(output: String?, grid: String?, plan: GeneratePlan, replacing: Bool) throws {
    self.output = output
    self.grid = grid
    self.plan = plan
    self.replacing = replacing
    if isFile, plan.count > 1 {
      throw ValidationError(
        "--output \(output ?? "") is one file for \(plan.count) pictures; name a folder, or a sheet with --grid.")
    }
    guard !replacing else { return }
    let all = plan.batches(of: 1).flatMap { $0.compactMap(path) } + [grid].compactMap { $0 }
    if let taken = all.first(where: { FileManager.default.fileExists(atPath: $0) }) {
      throw ImageError(.exists, of: taken, "exists already and is not replaced; choose another name or give --force")
    }
  }

  private var isFile: Bool { output?.lowercased().hasSuffix(".png") == true }

  /// A picture's file, where pictures are written one by one.
  func path(_ item: GeneratePlan.Item) -> String? {
    output.map { isFile ? $0 : "\($0)/\(plan.fileName(item))" }
  }

  /// Makes the folder of the pictures.
  func makeFolder() throws {
    guard let output, !isFile else { return }
    do {
      try FileManager.default.createDirectory(atPath: output, withIntermediateDirectories: true)
    } catch {
      throw ImageError(.cannotWrite, of: output, "the folder cannot be made; name another place")
    }
  }

  /// Writes one picture with its settings.
  func write(_ picture: Picture, _ item: GeneratePlan.Item, _ parameters: String) throws {
    guard let path = path(item) else { return }
    try picture.write(to: path, as: .png(texts: [.parameters(parameters)]), replacing: replacing)
  }

  /// Writes the sheet.
  /// - Returns: its file and size; `nil` where none is wanted.
  func writeSheet(
    _ pictures: [(GeneratePlan.Item, Picture)], _ text: (title: String, subtitle: String), side: Int, scale: Int
  ) throws -> GenerateReport.Sheet? {
    guard let grid, let encoding = ImageEncoding(forPath: grid) else { return nil }
    var rows = plan.rowHeadings.map { heading in
      ContactSheet.Row(heading, pictures: [Picture?](repeating: nil, count: plan.columns.count))
    }
    for (item, picture) in pictures {
      let (row, column) = plan.place(item)
      rows[row].cells[column].picture = picture.enlarged(times: scale)
    }
    let sheet = try ContactSheet(
      title: text.title, subtitle: text.subtitle, columns: plan.columns, rows: rows, cellSide: side
    ).picture()
    try sheet.write(to: grid, as: encoding, replacing: replacing)
    return GenerateReport.Sheet(
      path: grid, rows: rows.count, columns: plan.columns.count, width: sheet.width, height: sheet.height)
  }
}
