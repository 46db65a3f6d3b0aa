import Adapters
import ArgumentParser
import Merge
import SafeTensors

/// `troupe convert`: the same LoRA under the names that another tool expects.
struct ConvertCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "convert",
    abstract: "Write a LoRA under the names that another tool expects; what it does stays the same.",
    discussion: """
      Dialects: kohya (every UI and sd-scripts), kohya-diffusers (kohya's with diffusers' layer names), diffusers, peft, \
      comfy (diffusion_model.…), onetrainer.

      Numbers are copied bit for bit where the dialect can hold them. diffusers and peft have no tensor for an alpha: it \
      goes into lora_B, exactly where alpha / rank is a power of two, else rounded to the format; --alpha metadata keeps \
      the factors and puts it into diffusers' lora_adapter_metadata, which ComfyUI does not read. A peft output that is \
      no .safetensors file is a folder with adapter_config.json, which keeps alphas and factors.

      Layers that one naming stores as one and another keeps apart (query, key and value of Flux) are split and joined; \
      layers trained apart and stored as one get their own rank back.

      Examples:
        troupe convert konrad.safetensors --to diffusers --output konrad-diffusers.safetensors --verify
        troupe convert konrad.safetensors --to peft --output konrad-peft
        troupe convert flux-lora.safetensors --to kohya --output flux-kohya.safetensors
        troupe convert loha.safetensors --to diffusers --as-lora --output lora.safetensors
      """)

  @Argument(help: "The LoRA file.")
  var file: String

  @Option(name: .long, help: ArgumentHelp("The dialect: \(Self.dialects).", valueName: "dialect"))
  var to: String

  @Option(
    name: .shortAndLong, help: ArgumentHelp("The file to write, or for peft a folder.", valueName: "file.safetensors"))
  var output: String

  @Option(
    name: .long,
    help: ArgumentHelp("Write factors as F16, BF16, F32, F8_E4M3 or F8_E5M2; each keeps its own otherwise."))
  var dtype: String?

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Where alphas go in diffusers: factors (every loader sees them) or metadata.", valueName: "place"))
  var alpha: String = "factors"

  @Flag(
    name: .customLong("as-lora"), help: "Write variants that the dialect cannot hold as the exact LoRA of their change."
  )
  var asLoRA = false

  @Flag(name: .long, help: "Leave out what the dialect cannot hold, and say so.")
  var skipUnsupported = false

  @Flag(
    name: .long,
    help: "Read the written file again and compare every layer's change with the original's in double precision.")
  var verify = false

  @Option(
    name: .long, help: ArgumentHelp("With --verify: exit with 1 when the residual is larger.", valueName: "share"))
  var tolerance: Double?

  @Flag(name: .long, help: "Replace the output if it exists. Never replaces the original, nor a folder.")
  var force = false

  @Flag(name: .long, help: "Print what was done as JSON.")
  var json = false

  @OptionGroup var compute: ComputeOptions

  private static let dialects = OutputDialect.allCases.map(\.rawValue).joined(separator: ", ")

  private var dialect: OutputDialect? { OutputDialect(rawValue: to.lowercased()) }
  private var isFolder: Bool { dialect == .peft && !output.hasSuffix(".safetensors") }
  private var format: DType? { dtype.flatMap { DType(rawValue: $0.uppercased()) } }

  func validate() throws {
    guard let dialect else { throw ValidationError("--to: there is no dialect “\(to)”. There are: \(Self.dialects).") }
    guard alpha == "factors" || alpha == "metadata" else { throw ValidationError("--alpha is factors or metadata.") }
    if alpha == "metadata", dialect != .diffusers {
      throw ValidationError(
        "--alpha metadata goes with --to diffusers; peft keeps alphas in the configuration of a folder.")
    }
    if let dtype {
      guard let format, DType.writable.contains(format) else {
        throw ValidationError("--dtype: “\(dtype)” is not written. There are: F16, BF16, F32, F8_E4M3, F8_E5M2.")
      }
    }
    if tolerance != nil, !verify { throw ValidationError("--tolerance goes with --verify.") }
    if let tolerance, !(tolerance >= 0) { throw ValidationError("--tolerance must be 0 or more.") }
    guard isFolder || output.hasSuffix(".safetensors") else {
      throw ValidationError("--output must end in .safetensors, or be a folder with --to peft.")
    }
  }

  func run() async throws {
    guard let dialect else { return }
    try OutputFile.refuseOriginal(file, output)
    let recipe = ConvertRecipe(
      adapter: try Adapter(path: file), dialect: dialect, dtype: format,
      alphaPlace: alpha == "metadata" ? .metadata : .factors, factorsOthers: asLoRA, skipsUnsupported: skipUnsupported,
      verifies: verify)
    let report =
      isFolder
      ? try await ConvertEngine.run(recipe, toFolder: output, workers: compute.workers)
      : try await ConvertEngine.run(
        recipe, to: output, existing: force ? .replace : .refuse, workers: compute.workers)
    if json {
      try JSONOutput.print(report)
    } else {
      ConvertView(report).lines().forEach { print($0) }
    }
    try Failure.check(report.residual, tolerance: tolerance)
  }
}
