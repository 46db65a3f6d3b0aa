import ArgumentParser
import Images
import SafeTensors

/// A folder of folders with pictures, each named for what was asked for: `wren`, `wren+nila`, `1girl`.
enum SampleFolder {
  /// Who is in all pictures.
  ///
  /// The reader knows all six characters, so that nobody is seen for want of a better choice.
  static func read(_ folder: String, _ reader: IdentityReader) throws -> [StudyRecord.Sample] {
    try each(folder) { asked, picture in
      let reading = reader.read(picture)
      return StudyRecord.Sample(
        asked: asked, seen: name(of: reading), distance: reading.distance,
        own: CastMember(rawValue: asked).flatMap { reading.distances[$0] }, parts: parts(of: reading))
    }
  }

  /// Who stands side by side in all pictures, in folders like `wren+nila`.
  static func duos(
    _ folder: String, _ reader: PairReader, _ comparison: DetectAndCompare
  ) throws -> [StudyRecord.Duo] {
    try each(folder) { asked, picture in
      let members = try CastMember.list(asked.split(separator: "+").joined(separator: ","))
      let seen = reader.read(picture)
      return StudyRecord.Duo(
        asked: members.map(\.rawValue), seen: seen.map { name(of: $0.reading) },
        parts: seen.map { parts(of: $0.reading) }, score: comparison.score(seen.map(\.figure), members))
    }
  }

  private static func name(of reading: IdentityReader.Reading) -> String { reading.member?.rawValue ?? "doll" }

  private static func parts(of reading: IdentityReader.Reading) -> [String] {
    IdentityReader.Band.allCases.map { reading.parts[$0]?.rawValue ?? "none" }
  }

  /// What a function makes of each picture, with what was asked for.
  private static func each<Result>(
    _ folder: String, _ body: (_ asked: String, _ picture: Picture) throws -> Result
  ) throws -> [Result] {
    let results = try FolderContents.names(in: folder).sorted().flatMap { asked in
      let names = try FolderContents.names(in: "\(folder)/\(asked)").sorted().filter { $0.hasSuffix(".png") }
      return try names.map { name in
        let path = "\(folder)/\(asked)/\(name)"
        let picture = try Picture(contentsOf: path, as: .rgb(background: .white))
        guard picture.width == Canvas.side, picture.height == Canvas.side else {
          throw RecipeFailure("\(path): is not 64 × 64 pixels, which the reader needs")
        }
        return try body(asked, picture)
      }
    }
    guard !results.isEmpty else { throw RecipeFailure("\(folder): holds no pictures in folders") }
    return results
  }
}

/// `small-base cast read`: who is in pictures, as a table.
struct ReadCastCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "read", abstract: "Read who is in pictures, and print how often each was seen for each trigger.")

  @Option(help: "The folder that examples/cast/fetch made.") var characters: String
  @Option(help: "A folder of folders with pictures, each named for what was asked for: wren, 1girl.")
  var samples: String
  @Option(help: "The characters that were trained, joined by commas.") var members: String
  @Option(help: "What stands above the table.") var heading: String = ""

  func run() throws {
    let samples = try SampleFolder.read(samples, IdentityReader(CastSprites(folder: characters)))
    let rows = StudyTable.seen(try CastMember.list(members), samples)
    let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    print("\n\(heading) (per cent of pictures)")
    for row in rows {
      let cells = zip(row, widths).enumerated().map { column, cell in
        let space = String(repeating: " ", count: cell.1 - cell.0.count)
        return column == 0 ? cell.0 + space : space + cell.0
      }
      print("  " + cells.joined(separator: "  "))
    }
  }
}
