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
  @Flag(help: "Leave out what is behind a third of the characters' pictures, so that two can be put side by side.")
  var cutOuts = false

  func run() throws {
    let sprites = try CastSprites(folder: characters)
    for member in CastMember.allCases {
      let folder = "\(output)/\(member.rawValue)"
      try WholeFile.makeFolder(folder)
      try PictureSet(sprites.training(member, seed: seed, cutOuts: cutOuts)).write(to: folder, withSheet: false)
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
