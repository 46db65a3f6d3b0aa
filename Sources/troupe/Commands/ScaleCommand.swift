import Adapters
import ArgumentParser
import Merge
import SafeTensors

/// `troupe scale`: the same LoRA, stronger or weaker.
struct ScaleCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "scale",
    abstract: "Multiply what a LoRA does, so that strength 1 in a prompt means another strength of the original.",
    discussion: """
      Alphas are written anew and all factors copied bit for bit, where the naming stores alphas; elsewhere the up
      factors are multiplied. A negative strength goes into the sign of the up factors: some loaders misread a
      negative alpha.

      Examples:
        troupe scale konrad.safetensors:0.8 --output konrad-08.safetensors
        troupe scale konrad.safetensors --te 0.5 --output konrad-te05.safetensors
      """)

  @Argument(help: ArgumentHelp("The LoRA file, with an optional strength.", valueName: "file[:strength]"))
  var file: WeightedFile

  @Option(name: .shortAndLong, help: ArgumentHelp("The file to write.", valueName: "file.safetensors"))
  var output: String

  // Unconditional, so that -2 is a number and not an option.
  @Option(
    name: .long, parsing: .unconditional, help: ArgumentHelp("Multiplies the UNet's part besides.", valueName: "factor")
  )
  var unet: Double = 1

  @Option(
    name: .customLong("te"), parsing: .unconditional,
    help: ArgumentHelp("Multiplies the text encoders' part besides.", valueName: "factor"))
  var textEncoders: Double = 1

  @Flag(
    name: .long, help: "Read the written file again and compare every layer with the exact result in double precision.")
  var verify = false

  @Option(
    name: .long, help: ArgumentHelp("With --verify: exit with 1 when the residual is larger.", valueName: "share"))
  var tolerance: Double?

  @Flag(name: .long, help: "Replace the output if it exists. Never replaces the original.")
  var force = false

  @Flag(name: .long, help: "Print what was done as JSON.")
  var json = false

  @OptionGroup var compute: ComputeOptions

  func validate() throws {
    guard unet.isFinite, textEncoders.isFinite else { throw ValidationError("--unet and --te must be finite.") }
    guard file.strength != 1 || unet != 1 || textEncoders != 1 else {
      throw ValidationError("A strength other than 1 is needed: FILE:0.8, --unet or --te.")
    }
    if tolerance != nil, !verify { throw ValidationError("--tolerance goes with --verify.") }
    if let tolerance, !(tolerance >= 0) { throw ValidationError("--tolerance must be 0 or more.") }
    guard output.hasSuffix(".safetensors") else { throw ValidationError("--output must end in .safetensors.") }
  }

  func run() async throws {
    try OutputFile.refuseOriginal(file.path, output)
    let recipe = ScaleRecipe(
      adapter: try Adapter(path: file.path), strength: file.strength, unet: unet, textEncoders: textEncoders,
      verifies: verify)
    let report = try await ScaleEngine.run(
      recipe, to: output, existing: force ? .replace : .refuse, workers: compute.workers)
    if json {
      try JSONOutput.print(report)
    } else {
      ScaleView(report).lines().forEach { print($0) }
    }
    try Failure.check(report.residual, tolerance: tolerance)
  }
}
