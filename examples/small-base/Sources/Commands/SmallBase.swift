import ArgumentParser
import LinearAlgebra

/// The recipe of the small base: draws its data, trains it, looks at it.
@main
struct SmallBase: ParsableCommand {
  static func main() {
    // Its own threads wait by spinning, and take the cores of whatever runs beside.
    BLAS.useOneThread()
    main(nil)
  }

  static let configuration = CommandConfiguration(
    commandName: "small-base",
    abstract: "Draw paper dolls, train a tiny Stable Diffusion model on them, and measure what it draws.",
    subcommands: [
      DrawCommand.self, TrainAutoencoderCommand.self, TrainTextCommand.self, TrainCommand.self, ExportCommand.self,
      SampleCommand.self,
      ReadCommand.self, CastCommand.self,
    ])
}

/// A failure of this program, as a sentence.
struct RecipeFailure: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}
