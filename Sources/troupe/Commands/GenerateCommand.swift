import Adapters
import ArgumentParser
import Diffusion
import Images
import SafeTensors

/// `troupe generate`: pictures of characters, side by side.
struct GenerateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "generate",
    abstract: "Draw pictures with a base model and LoRAs, and lay them out in a labelled sheet.",
    discussion: """
      Each --prompt is a row, each seed a column; --strengths multiplies the LoRAs' strengths as a further axis.
      A LoRA acts in every picture, unless a prompt names it as <lora:name:0.8>: then it acts only where it is named.
      Seed S gives the noise of diffusers' CPU generator with seed S. PNGs carry their settings as web UIs read them.

      Examples:
        troupe generate --model sdxl.safetensors --lora konrad.safetensors:0.8 --prompt "konrad, portrait" -o konrad.png
        troupe generate --model sdxl.safetensors --lora k=konrad.safetensors --lora l=lisar.safetensors \\
          --prompt "konrad <lora:k:0.8>" --prompt "lisar <lora:l:0.8>" --seeds 4 --grid cast.png
        troupe generate --model sd15-folder --lora konrad.safetensors --prompt konrad --strengths 0,0.5,1 --grid how-much.png
      """)

  @Option(
    name: .long, help: ArgumentHelp("The base model: a checkpoint file or a diffusers folder.", valueName: "path"))
  var model: String

  @Option(
    name: .long,
    help: ArgumentHelp(
      "A LoRA, with a strength and a name for prompts. May be repeated.", valueName: "[name=]file[:strength]"))
  var lora: [NamedLoRA] = []

  @Option(name: .long, help: "What to draw: a row of the sheet. May be repeated.")
  var prompt: [String] = []

  @Option(name: .long, help: "What not to draw.")
  var negative = ""

  @Option(name: .long, help: "A row's heading, one for each prompt. Default: the prompt.")
  var label: [String] = []

  @Option(name: .long, help: ArgumentHelp("The first seed, or all of them: 7,11,40.", valueName: "seed"))
  var seed = SeedList([0])

  @Option(
    name: [.customLong("seeds"), .customLong("count")],
    help: ArgumentHelp("How many seeds from the first one on: columns of the sheet.", valueName: "count"))
  var seeds: Int?

  @Option(
    name: .long, help: ArgumentHelp("Multiply the LoRAs' strengths, as 0,0.5,1: a further axis.", valueName: "list"))
  var strengths: NumberList?

  @OptionGroup(title: "Drawing") var drawing: DrawingOptions

  @OptionGroup(title: "LoRA layers") var layers: LayerOptions

  @OptionGroup(title: "Device") var device: PrecisionOptions

  @Option(name: .long, help: ArgumentHelp("How many seeds are drawn at once.", valueName: "count"))
  var batch = 1

  @Option(name: .long, help: ArgumentHelp("Another VAE of the same kind: a file or a folder.", valueName: "path"))
  var vae: String?

  @Option(name: .long, help: ArgumentHelp("A TAESD instead of the VAE: fast previews.", valueName: "path"))
  var taesd: String?

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp("The folder for the pictures, or the file of the only one.", valueName: "path"))
  var output: String?

  @Option(name: .long, help: ArgumentHelp("The labelled sheet of all pictures.", valueName: "file.png"))
  var grid: String?

  @Option(name: .long, help: ArgumentHelp("The longest side of a picture in the sheet.", valueName: "pixels"))
  var gridSide = 512

  @Option(
    name: .long,
    help: ArgumentHelp("How many times the sheet enlarges pictures first, pixel by pixel.", valueName: "times"))
  var gridScale = 1

  @Flag(name: .long, help: "Hash the whole model file, so that web UIs recognise it in the pictures' settings.")
  var hash = false

  @Flag(name: .long, help: "Replace pictures that exist.")
  var force = false

  @Flag(name: .long, help: "Print what was done as JSON.")
  var json = false

  /// All seeds.
  private var allSeeds: [UInt64] {
    guard let seeds, let first = seed.seeds.first else { return seed.seeds }
    return (0..<seeds).map { first &+ UInt64($0) }
  }

  func validate() throws {
    guard !prompt.isEmpty else { throw ValidationError("--prompt is missing: say what to draw.") }
    guard label.isEmpty || label.count == prompt.count else {
      throw ValidationError(
        "there are \(label.count) --label for \(prompt.count) --prompt; give one for each, or none.")
    }
    if let seeds {
      guard (1...1000).contains(seeds) else { throw ValidationError("--seeds must be from 1 to 1000.") }
      guard seed.seeds.count == 1 else {
        throw ValidationError("--seeds counts from one --seed; a list has its own count.")
      }
    }
    if strengths != nil, lora.isEmpty {
      throw ValidationError("--strengths multiplies the strengths of --lora; add one.")
    }
    guard (1...64).contains(batch) else { throw ValidationError("--batch must be from 1 to 64.") }
    guard (16...8192).contains(gridSide) else { throw ValidationError("--grid-side must be from 16 to 8192.") }
    guard (1...16).contains(gridScale) else { throw ValidationError("--grid-scale must be from 1 to 16.") }
    if vae != nil, taesd != nil { throw ValidationError("--vae and --taesd name one VAE each; give one of them.") }
    guard !(output ?? "").isEmpty || grid != nil else {
      throw ValidationError("--output is missing: name a folder or a .png file, or a sheet with --grid.")
    }
    if let grid, ImageEncoding(forPath: grid) == nil {
      throw ValidationError("--grid \(grid): a sheet's name ends in .png, .jpg or .webp.")
    }
    if !LoRATag.extract(from: negative).tags.isEmpty {
      throw ValidationError("--negative holds a <lora:…> tag; LoRAs act on the whole picture, name them in --prompt.")
    }
  }

  func run() async throws {
    let plan = GeneratePlan(
      prompts: prompt, labels: label, strengths: strengths?.numbers ?? [1], seeds: allSeeds)
    let targets = try GenerateTargets(output: output, grid: grid, plan: plan, replacing: force)
    var loras = try await GenerateLoRAs(lora, layers: layers)
    try loras.note(plan.rows.flatMap(\.tags))

    let checkpoint = try ModelCheckpoint(path: model)
    let modelHash = try await modelHash()
    let start = ContinuousClock.now
    let opened = try DiffusionModel(
      checkpoint, precision(), vae: vae.map { .file($0) } ?? taesd.map { .tiny($0) } ?? .own,
      environment: Terminal.variable)
    do { try TextToImage(opened).check(request(plan, 0, [0], opened)) } catch let error as DiffusionError {
      throw ValidationError(error.description)
    }
    try loras.load(for: opened)

    var record = try GenerateRecord(self, plan, loras, opened, modelHash: modelHash)
    try targets.makeFolder()
    var pictures: [(GeneratePlan.Item, Picture)] = []
    let batches = plan.batches(of: batch)
    let progress = ProgressLine("drawing", unit: "steps")
    defer { progress.finish() }
    for (index, items) in batches.enumerated() {
      guard let first = items.first else { continue }
      let request = request(plan, first.row, items.map { plan.seeds[$0.seed] }, opened)
      let strengths = loras.strengths(plan.rows[first.row].tags, times: plan.strengths[first.strength])
      let drawn = try TextToImage(opened)(request, adapters: loras.adapters(strengths)) { step in
        try Task.checkCancellation()
        progress.update(index * step.total + step.done, of: batches.count * step.total)
      }
      for (item, picture) in zip(items, drawn) {
        // Written as soon as it is there: who interrupts a long run keeps what it made.
        try targets.write(picture, item, record.parameters(item, request, strengths))
        record.add(item, request, strengths, path: targets.path(item))
        pictures.append((item, picture))
      }
    }
    try record.add(sheet: targets.writeSheet(pictures, record.sheet(), side: gridSide, scale: gridScale))
    record.report.seconds = (ContinuousClock.now - start) / .seconds(1)
    progress.finish()
    if json {
      try JSONOutput.print(record.report)
    } else {
      GenerateView(record.report).lines().forEach { print($0) }
    }
  }

  /// The choice for this machine; one that it does not have is a wrong option.
  private func precision() throws -> Precision {
    do { return try device.precision() } catch let error as DiffusionError {
      throw ValidationError("--device, --dtype: \(error.description).")
    }
  }

  private func request(
    _ plan: GeneratePlan, _ row: Int, _ seeds: [UInt64], _ model: DiffusionModel
  ) -> PictureRequest {
    drawing.request(plan.rows[row].prompt, negative: negative, seeds: seeds, side: model.standardSide)
  }

  /// AutoV2 of a single file, where it is asked for: reading gigabytes takes longer than a picture.
  private func modelHash() async throws -> String? {
    guard hash else { return nil }
    guard model.hasSuffix(".safetensors") else {
      throw ValidationError("--hash is for a model in one .safetensors file; a folder has no hash that web UIs know.")
    }
    return try await SafeTensorsFile(path: model).hashes().autoV2
  }
}
