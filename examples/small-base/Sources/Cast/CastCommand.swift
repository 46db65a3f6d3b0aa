import ArgumentParser
import Diffusion
import Images
import SafeTensors
import Torch
import Trainer

/// `small-base cast`: characters that the base does not know, and who is who in what a LoRA draws.
struct CastCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cast", abstract: "Draw a cast of characters to train LoRAs with, and read who is in their pictures.",
    subcommands: [
      DrawCastCommand.self, JudgeReaderCommand.self, ReadCastCommand.self, ScoreCommand.self, ResultsCommand.self,
    ])
}

/// `small-base cast draw`: pictures to train with.
struct DrawCastCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "draw", abstract: "Write each character's pictures with captions, and dolls for regularisation.")

  @Option(help: "The folder that examples/cast/fetch made.") var characters: String
  @Option(help: "The folder to fill.") var output: String
  @Option(help: "The seed of places and backgrounds.") var seed: UInt64 = 1
  @Option(help: "Dolls of each class for regularisation.") var dolls = 64

  func run() throws {
    let sprites = try CastSprites(folder: characters)
    for member in CastMember.allCases {
      let folder = "\(output)/\(member.rawValue)"
      try WholeFile.makeFolder(folder)
      try PictureSet(sprites.training(member, seed: seed)).write(to: folder, withSheet: false)
    }
    for (tag, isGirl) in [("1girl", true), ("1boy", false)] {
      let folder = "\(output)/reg-\(tag)"
      try WholeFile.makeFolder(folder)
      let drawn = (0..<UInt64(20 * dolls)).lazy.map { Doll.drawn(seed: seed + 40, $0, heldOut: false) }
        .filter { $0.isGirl == isGirl && $0.framing == .fullBody }.prefix(dolls)
      // As sets for regularisation are captioned: what it is, not what it looks like.
      let pairs = drawn.map { doll in
        let tags = [doll.pose.rawValue, "full body", doll.view.rawValue, "\(doll.background.rawValue) background"]
        return (Canvas.picture(doll), "\(tag), \(tags.joined(separator: ", "))")
      }
      try PictureSet(Array(pairs)).write(to: folder, withSheet: false)
    }
  }
}

/// `small-base cast judge`: how often the reader of identities is right about drawings it has not seen.
struct JudgeReaderCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "judge", abstract: "Read new drawings of characters and dolls, and say how often the reader is right.")

  @Option(help: "The folder that examples/cast/fetch made.") var characters: String
  @Option(help: "A model whose autoencoder the drawings go through first.") var model: String?
  @Option(help: "Drawings of each character, and of dolls.") var count = 39

  func run() throws {
    let sprites = try CastSprites(folder: characters)
    let judged = try IdentityJudgement(sprites, count: count, painter: model.map { try Painter(path: $0) })
    print(judged.table)
  }
}

/// How often the reader is right about drawings of other size, place and pose than it compares with.
struct IdentityJudgement {
  private(set) var right = 0
  private(set) var all = 0
  private(set) var parts: [IdentityReader.Band: (right: Int, all: Int)] = [:]
  private(set) var mistakes: [String] = []

  init(_ sprites: CastSprites, count: Int, painter: Painter?) throws {
    let reader = IdentityReader(sprites)
    var random = CounterRandom(seed: 90)
    for member in CastMember.allCases {
      let placements = (0..<count).map { number in
        let background = Doll.Background.allCases[random.below(Doll.Background.allCases.count)]
        var placement = CastSprites.random(
          member, CastPose.allCases[number % CastPose.allCases.count], background, using: &random)
        placement.scale *= 0.95 + 0.1 * random.unit()
        return placement
      }
      let drawn = placements.map(sprites.picture)
      for (placement, picture) in zip(placements, try painter?.restored(drawn) ?? drawn) {
        let reading = reader.read(picture, without: placement.pose)
        note("\(member.rawValue) \(placement.pose.rawValue)", reading.member == member, reading)
        for (band, seen) in reading.parts {
          parts[band, default: (0, 0)].all += 1
          parts[band, default: (0, 0)].right += seen == member ? 1 : 0
        }
      }
    }
    let dolls = (0..<UInt64(count)).map { Canvas.picture(Doll.drawn(seed: 91, $0, heldOut: false)) }
    for picture in try painter?.restored(dolls) ?? dolls {
      let reading = reader.read(picture)
      note("a doll", reading.member == nil, reading)
    }
  }

  private mutating func note(_ what: String, _ isRight: Bool, _ reading: IdentityReader.Reading) {
    all += 1
    if isRight { right += 1 } else { mistakes.append("\(what) read as \(reading.member?.rawValue ?? "a doll")") }
  }

  /// The part of all pictures that were read rightly.
  var accuracy: Double { Double(right) / Double(max(1, all)) }

  /// The numbers as text.
  var table: String {
    let bands = IdentityReader.Band.allCases.map { band -> String in
      let count = parts[band] ?? (0, 0)
      return "\(band.rawValue) \(count.right) of \(count.all)"
    }
    return (["who: \(right) of \(all); by one part alone: \(bands.joined(separator: ", "))"] + mistakes).joined(
      separator: "\n")
  }
}
