import Adapters
import ArgumentParser
import Merge

/// How much of which layers to take, on the command line.
struct LayerOptions: ParsableArguments {
  @Option(name: .long, help: ArgumentHelp("Multiply the text encoders of all files.", valueName: "factor"))
  var te: Double?

  @Option(name: .long, help: ArgumentHelp("Multiply the first text encoder (CLIP-L).", valueName: "factor"))
  var te1: Double?

  @Option(name: .long, help: ArgumentHelp("Multiply the second text encoder (bigG).", valueName: "factor"))
  var te2: Double?

  @Option(name: .long, help: ArgumentHelp("Multiply the UNet.", valueName: "factor"))
  var unet: Double?

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Leave these layers out, as `unet.up_blocks.**.attn2.**`; * stays within a name, ** does not. May be repeated.",
      valueName: "pattern"))
  var exclude: [String] = []

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Rules for one file by its position: `1:te=0.5`, `2:lbw=1,0,…` (12, 17, 20 or 26 block weights), `2:blocks=MID,OUT04-08=0.5`, `1:unet.**.attn2.**=0.9`; several joined by semicolons. May be repeated.",
      valueName: "position:rules"))
  var layers: [String] = []

  /// The weights of a file's layers.
  ///
  /// - Parameters:
  ///   - index: its position, from 0.
  ///   - count: how many files there are.
  ///   - architecture: its base model, which block lists depend on.
  func weights(_ index: Int, of count: Int, architecture: Architecture) throws -> LayerWeights {
    var texts = [("te", te), ("te1", te1), ("te2", te2), ("unet", unet)].compactMap { name, factor in
      factor.map { "\(name)=\($0)" }
    }
    for text in layers {
      let pieces = text.split(separator: ":", maxSplits: 1)
      guard pieces.count == 2, let position = Int(pieces[0]), (1...count).contains(position) else {
        throw ValidationError(
          "--layers \(text): begins with the position of a file, from 1 to \(count), and a colon, such as 1:te=0.5.")
      }
      if position == index + 1 { texts.append(String(pieces[1])) }
    }
    return try LayerWeights.parse(texts + exclude.map { "exclude=\($0)" }, architecture: architecture)
  }
}
