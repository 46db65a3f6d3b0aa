import ArgumentParser
import Images

/// `small-base read`: how well pictures agree with their captions.
struct ReadCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "read", abstract: "Read the attributes of pictures and compare them with the captions beside them.")

  @Argument(help: "A folder that draw or sample wrote.") var folder: String
  @Flag(help: "Name every picture that disagrees.") var verbose = false

  func run() throws {
    let reader = Reader()
    var agreement = Agreement()
    for (index, entry) in try PictureSet(folder: folder).pictures.enumerated() {
      guard entry.picture.width == Canvas.side, entry.picture.height == Canvas.side, entry.picture.channels == 3 else {
        throw RecipeFailure("\(folder): picture \(index) is no RGB picture of 64 × 64 pixels, which the reader needs")
      }
      let reading = reader.read(entry.picture)
      if verbose, Set(reading.doll.caption.split(separator: ", ")) != Set(entry.caption.split(separator: ", ")) {
        print("\(index): \(entry.caption)\n   read: \(reading.doll.caption)")
      }
      agreement.add(caption: entry.caption, reading)
    }
    print(agreement.table)
  }
}
