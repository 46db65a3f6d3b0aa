import ArgumentParser
import Diffusion
import Images
import SafeTensors
import Torch
import Trainer

/// `small-base train`: the UNet, between an autoencoder and a text encoder that stay.
struct TrainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train",
    abstract: "Train the UNet on what autoencoder and text encoder give; a run that was stopped goes on.")

  @Option(help: "The folder with vae.safetensors and text.safetensors; state, log, models and samples go there.")
  var work: String
  @Option(help: "The number of steps. A stopped run may go on with another: the rate stays until the last part.")
  var steps = 3000
  @Option(help: "The last part of the steps, in which the rate falls.") var decay = 0.35
  @Option(help: "Pictures of a step.") var batch = 16
  @Option(help: "The learning rate.") var rate = 1e-3
  @Option(help: "The seed of everything.") var seed: UInt64 = 1
  @Option(help: "A state of another run whose UNet this one begins with.") var start: String?
  @Option(help: "Steps between two states, each with a model of the averages and its samples.") var every = 500

  func run() throws {
    let stored = try StoredTensors(path: "\(work)/vae.safetensors")
    let configuration = SmallModel.configuration(
      scalingFactor: try stored.number("scaling_factor", "\(work)/vae.safetensors"))
    try WordPieces.standard.write(to: "\(work)/tokenizer")
    let tokenizer = try CLIPTokenizer(folder: "\(work)/tokenizer")
    let fixed = try LearnedParameters(seed: 0)
    let vae = try AutoencoderKL(Parameters(fixed, .vae), configuration.vae)
    let text = try CLIPTextEncoder(Parameters(fixed, .textEncoder1), configuration.textEncoder1)
    try fixed.restore(
      stored.tensors(under: "").merging(StoredTensors(path: "\(work)/text.safetensors").tensors(under: "")) { $1 })

    let learned = try LearnedParameters(seed: seed)
    let unet = try UNet(Parameters(learned, .unet), configuration.unet)
    if let start { try learned.restore(StoredTensors(path: start).tensors(under: "parameter:")) }
    let conditioning = try TextConditioning(text)
    let schedule = try NoiseSchedule(configuration.schedule)
    let loop = try LearningLoop(
      learned.named, folder: work, name: "base", steps: steps, rate: rate,
      shape: .stableDecay(decay: decay, minimum: 0.02),
      decay: 0.998)
    print(
      "\(learned.named.reduce(0) { $0 + $1.tensor.count }) parameters learn, \(fixed.named.reduce(0) { $0 + $1.tensor.count }) stay"
    )
    try loop.run(every: every) { step in
      let dolls = (0..<batch).map { Doll.drawn(seed: seed, UInt64(step * batch + $0), heldOut: false) }
      var random = CounterRandom(seed: seed, 3, UInt64(step))
      let captions = dolls.map { $0.trainingCaption(using: &random) }
      let generator = try Generator(seed: random.next())
      let clean = try withoutGradients {
        try vae.scaled(vae.encode(Pixels.tensor(dolls.map(Canvas.picture), side: 64, using: &random)).mean)
      }
      let noise = try Tensor.normal(clean.shape, using: generator)
      // One from each part of the times: a batch's loss depends less on which were drawn.
      let times = (0..<batch).map { (Double($0) + random.unit()) / Double(batch) * 1000 }.map { $0.rounded(.down) }
      let context = try withoutGradients { try conditioning(Captions.ids(captions, tokenizer)).context }
      let prediction = try unet(
        schedule.noisy(clean, noise: noise, times: times), times: Tensor(times.map(Float.init)), context: context)
      let difference = try prediction - schedule.target(clean, noise: noise, times: times)
      return try (difference * difference).mean()
    } saved: { step in
      let path = "\(work)/model-\(step)"
      if !FolderContents.exists(path) { try Export.write(work: work, to: path) }
      let dolls = (0..<16).map { Doll.drawn(seed: seed + 1, $0, heldOut: true) }
      let pictures = try Painter(path: path).pictures(
        dolls.map(\.caption), seeds: (0..<16).map(UInt64.init), steps: 16, guidance: 3)
      try PictureSet(zip(pictures, dolls).map { ($0, $1.caption) } + dolls.map { (Canvas.picture($0), "") })
        .sheet(columns: 16).write(to: "\(work)/samples-\(step).png", as: .png, replacing: true)
    }
  }
}

/// `small-base export`: the averages of a run as a model.
struct ExportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export", abstract: "Write the averages of a run as a model in diffusers' layout.")

  @Option(help: "The folder of the run.") var work: String
  @Option(help: "The folder to make.") var output: String

  func run() throws { try Export.write(work: work, to: output) }
}

/// Makes a model of a run's files.
enum Export {
  static func write(work: String, to path: String) throws {
    let vae = try StoredTensors(path: "\(work)/vae.safetensors")
    let state = try StoredTensors(path: "\(work)/base.state.safetensors")
    let step = Int(try state.number("step", work))
    let text = try StoredTensors(path: "\(work)/text.safetensors").tensors(under: "")
    let all = vae.tensors(under: "").merging(text) { $1 }.merging(state.tensors(under: "average:")) { _, last in last }
    let configuration = SmallModel.configuration(scalingFactor: try vae.number("scaling_factor", work))
    var scratch = "\(work)/scratch-\(step)"
    while FolderContents.exists(scratch) { scratch += "-" }
    try SmallModel.write(to: path, scratch: scratch, configuration) { entry in
      let name = LearnedParameters.name(entry.part, entry.name)
      guard let tensor = all[name] else { throw RecipeFailure("\(work): holds no \(name); train anew") }
      return tensor
    }
  }
}
