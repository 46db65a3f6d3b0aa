import ArgumentParser
import Images
import SafeTensors

/// `small-base sample`: what the model draws for captions of the generator.
struct SampleCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sample", abstract: "Draw pictures with a model for captions of the generator, ready for read.")

  @Option(help: "The model's folder.") var model: String
  @Option(help: "The folder for pictures and captions.") var output: String
  @Option(help: "How many.") var count = 64
  @Option(help: "The seed of the captions' stream; picture i has the noise of seed i.") var seed: UInt64 = 2
  @Option(help: "Steps of DDIM.") var steps = 20
  @Option(help: "How strongly captions are followed; 1 for no guidance.") var guidance = 3.0
  @Flag(help: "Below the first sixteen in the sheet, show the generator's own drawings of their captions.")
  var beside = false
  @Flag(help: "Captions with pairs of hair and shirt that training left out.") var heldOut = false

  func run() throws {
    try WholeFile.makeFolder(output)
    let painter = try Painter(path: model)
    let dolls = (0..<count).map { Doll.drawn(seed: seed, UInt64($0), heldOut: heldOut) }
    let captions = dolls.map(\.caption)
    var set = PictureSet([])
    for start in stride(from: 0, to: count, by: 32) {
      let numbers = start..<min(count, start + 32)
      let pictures = try painter.pictures(
        numbers.map { captions[$0] }, seeds: numbers.map(UInt64.init), steps: steps, guidance: guidance)
      set.pictures += zip(pictures, numbers).map { ($0, captions[$1]) }
    }
    try set.write(to: output)
    guard beside else { return }
    let rows = stride(from: 0, to: min(16, count), by: 8).flatMap { start in
      let numbers = start..<min(start + 8, count)
      return numbers.map { (set.pictures[$0].picture, "") } + numbers.map { (Canvas.picture(dolls[$0]), "") }
    }
    try PictureSet(rows).sheet(columns: 8).write(to: "\(output)/sheet.png", as: .png, replacing: true)
  }
}
