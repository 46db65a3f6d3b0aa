import ArgumentParser
import Images
import SafeTensors
import Trainer

/// `small-base cast score`: who is in the pictures that a run drew, as a record.
struct ScoreCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "score", abstract: "Read who is in the pictures of a run, and write the record of it.")

  @Option(help: "The folder that examples/cast/fetch made.") var characters: String
  @Option(help: "A folder of folders with pictures, each named for what was asked for: wren, wren+nila, 1girl.")
  var samples: String
  @Option(help: "A folder with pictures and captions of dolls, drawn with the LoRA.") var dolls: String
  @Option(help: "A folder like samples, of pictures drawn with each character's LoRA loaded by itself.")
  var alone: String?
  @Option(help: "A folder of folders with pictures of two, each named for who should stand there: wren+nila.")
  var duos: String?
  @Option(help: "The arm's name.") var arm: String
  @Option(help: "The run's seed.") var seed: Int
  @Option(help: "The characters of the run, joined by commas.") var members: String
  @Option(help: "The steps of all trainings together.") var steps: Int
  @Option(help: "The seconds of all trainings together.") var seconds: Double
  @Option(help: "The record to write.") var record: String

  func run() throws {
    let cast = try CastMember.list(members)
    let sprites = try CastSprites(folder: characters)
    let reader = IdentityReader(sprites)
    let read = try SampleFolder.read(samples, reader)
    let dollReader = Reader()
    var agreement = Agreement()
    for entry in try PictureSet(folder: dolls).pictures {
      agreement.add(caption: entry.caption, dollReader.read(entry.picture))
    }
    let result = StudyRecord(
      arm: arm, seed: seed, members: cast, steps: steps, seconds: seconds, samples: read,
      alone: try alone.map { try SampleFolder.read($0, reader) } ?? [],
      duos: try duos.map { try SampleFolder.duos($0, PairReader(reader), DetectAndCompare(sprites)) } ?? [],
      agreed: agreement.counts.reduce(0) { $0 + $1.agreed }, read: agreement.counts.reduce(0) { $0 + $1.read })
    try WholeFile.write(Array("\(result.json.text)\n".utf8), to: record)
    print(StudyTable.line(result))
  }
}
