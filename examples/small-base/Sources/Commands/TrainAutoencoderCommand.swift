import ArgumentParser
import Diffusion
import Images
import SafeTensors
import Torch
import Trainer

/// `small-base train-vae`: pictures to latents and back.
struct TrainAutoencoderCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train-vae", abstract: "Train the autoencoder; a run that was stopped goes on.")

  @Option(help: "The folder of the run's state, log and result, vae.safetensors.") var work: String
  @Option(help: "The number of steps.") var steps = 1800
  @Option(help: "Further steps for the decoder alone.") var refining = 1500
  @Option(help: "Pictures of a step; whole ones in the last tenth are half as many.") var batch = 16
  @Option(help: "The learning rate.") var rate = 3e-3
  @Option(help: "The seed of everything.") var seed: UInt64 = 1

  func run() throws {
    try WholeFile.makeFolder(work)
    let learned = try LearnedParameters(seed: seed)
    let vae = try AutoencoderKL(Parameters(learned, .vae), SmallModel.configuration().vae)
    let loop = try LearningLoop(
      learned.named, folder: work, name: "vae", steps: steps, rate: rate, shape: .cosine(minimum: 0.02), decay: 0.995)
    try loop.run(every: 500) { step in
      var random = CounterRandom(seed: seed, 1, UInt64(step))
      let target = try pictures(step, using: &random)
      let distribution = try vae.encode(target)
      let output = try vae.decode(distribution.sample(using: Generator(seed: random.next())))
      let logVariance = distribution.logVariance
      let divergence =
        try (distribution.mean * distribution.mean + logVariance.exponential() - logVariance - 1).mean() * 0.5
      return try Self.distance(output, target) + divergence * 3e-4
    }
    try loop.average.lent { try finish(vae, learned, scale: nil) }
    guard refining > 0 else { return }
    // The latents stay: only their way back to pictures gets better.
    let decoder = learned.named.filter { $0.name.contains("/decoder.") || $0.name.contains("/post_quant_conv.") }
    let stored = try StoredTensors(path: "\(work)/vae.safetensors")
    try learned.restore(stored.tensors(under: ""))
    let scale = try stored.number("scaling_factor", work)
    let second = try LearningLoop(
      decoder, folder: work, name: "decoder", steps: refining, rate: rate * 0.7, shape: .cosine(minimum: 0.02),
      decay: 0.995)
    try second.run(every: 500) { step in
      var random = CounterRandom(seed: seed, 4, UInt64(step))
      let target = try pictures(steps + step, using: &random)
      let latents = try withoutGradients {
        let mean = try vae.encode(target).mean
        // What a UNet draws is never quite what an encoder gives.
        return try mean.adding(Tensor.normal(mean.shape, using: Generator(seed: random.next())), times: 0.05 / scale)
      }
      return try Self.distance(vae.decode(latents), target)
    }
    try second.average.lent { try finish(vae, learned, scale: scale) }
  }

  /// The pictures of a step, three dolls to one of other shapes: parts of them, which cost a quarter; and in the last
  /// tenth whole ones, which the attention in the middle needs to have seen.
  private func pictures(_ step: Int, using random: inout CounterRandom) throws -> Tensor {
    let isWhole = step < steps ? step >= steps * 9 / 10 : step - steps >= refining * 9 / 10
    let pictures = (0..<batch / (isWhole ? 2 : 1)).map { number in
      if number % 4 == 3 { return Clutter.picture(using: &random) }
      return Canvas.picture(Doll.drawn(seed: seed, UInt64(step * batch + number), heldOut: false))
    }
    return try Pixels.tensor(pictures, side: isWhole ? 64 : 32, using: &random)
  }

  /// How far pictures are apart: by their values, and by the steps from pixel to pixel, in which thin lines count.
  private static func distance(_ output: Tensor, _ target: Tensor) throws -> Tensor {
    let difference = try output - target
    let side = difference.shape[2]
    func steps(_ axis: Int) throws -> Tensor {
      let after = try difference.narrowed(axis, from: 1, length: side - 1)
      return try (after - difference.narrowed(axis, from: 0, length: side - 1)).absolute().mean()
    }
    return try difference.absolute().mean() + (difference * difference).mean() + (steps(2) + steps(3)) * 0.5
  }

  /// Writes the parameters with the scale of their latents, and says how well pictures survive.
  private func finish(_ vae: AutoencoderKL, _ learned: LearnedParameters, scale: Double?) throws {
    try withoutGradients {
      var random = CounterRandom(seed: seed, 2)
      let pictures = (0..<64).map { Canvas.picture(Doll.drawn(seed: seed + 1, $0, heldOut: false)) }
      let whole = try Pixels.tensor(pictures, side: 64, using: &random)
      let mean = try vae.encode(whole).mean
      let deviation = try scale.map { 1 / $0 } ?? mean.reshaped(-1).standardDeviation([0]).item()
      let back = try vae.decode(mean)
      let error = try ((back.clamped(-1...1) - whole) / 2)
      let square = try (error * error).mean().item()
      print("latents deviate by \(deviation); mean squared error of 64 new pictures \(square)")
      var result = StoredTensors()
      result.numbers = ["scaling_factor": 1 / deviation, "squared_error": square]
      result.add("", learned.named)
      try result.write(to: "\(work)/vae.safetensors")
      let decoded = try Picture.pictures(back)
      let pairs = (0..<16).flatMap { [(pictures[$0], ""), (decoded[$0], "")] }
      try PictureSet(pairs).sheet(columns: 8).write(to: "\(work)/vae.png", as: .png, replacing: true)
    }
  }
}

/// Pictures as the networks take them.
enum Pixels {
  /// `[pictures, 3, side, side]` from −1 to 1; smaller than the pictures, a part at a random place of each.
  static func tensor(_ pictures: [Picture], side: Int, using random: inout CounterRandom) throws -> Tensor {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(pictures.count * side * side * 3)
    for picture in pictures {
      let left = random.below(picture.width - side + 1)
      let top = random.below(picture.height - side + 1)
      for row in top..<top + side {
        let start = 3 * (row * picture.width + left)
        bytes += picture.bytes[start..<start + 3 * side]
      }
    }
    let tensor = try Tensor(bytes, shape: [pictures.count, side, side, 3])
    return try (tensor.to(.f32) / 127.5 - 1).permuted(0, 3, 1, 2)
  }
}
