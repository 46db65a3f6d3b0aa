import ArgumentParser

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
    print(try PairJudgement(sprites, count: count, painter: model.map { try Painter(path: $0) }).table)
  }
}
