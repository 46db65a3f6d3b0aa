import Diffusion
import Images
import Torch
import Trainer

/// Draws pictures of many captions in one batch.
struct Painter {
  let model: DiffusionModel

  /// Reads a model, to compute in F32 on the CPU.
  init(path: String) throws {
    model = try DiffusionModel(
      ModelCheckpoint(path: path), Precision(device: .cpu, type: .f32), environment: { _ in nil })
  }

  /// One picture of each caption, with the noise of its seed.
  func pictures(
    _ captions: [String], seeds: [UInt64], steps: Int, guidance: Double, sampler: SamplerName = .ddim
  ) throws -> [Picture] {
    try withoutGradients {
      let schedule = model.configuration.schedule
      let sampler = try sampler.sampler(steps: steps, schedule: .standard(for: schedule), for: schedule)
      let noise = try NoiseSource(seeds: seeds)
      let side = Canvas.side / model.reduction
      let asked = try context(captions)
      let open = try context([""]).expanded(asked.shape)
      let guidance = Guidance(scale: guidance)
      let latents = try sampler.run(
        from: sampler.start([model.configuration.vae.latentChannels, side, side], noise: noise), noise: noise,
        model: { input, step in
          try guidance.predict(input, at: step, together: false) { input, step, conditioning in
            let times = try Tensor.full([input.size(0)], step.time)
            return try model.unet(input, times: times, context: conditioning == .negative ? open : asked)
          }
        })
      return try model.decoder(latents)
    }
  }

  /// Pictures after the way to latents and back.
  func restored(_ pictures: [Picture]) throws -> [Picture] {
    guard case .full(let vae) = model.decoder else { return pictures }
    var random = CounterRandom(seed: 0)
    return try withoutGradients {
      let tensor = try Pixels.tensor(pictures, side: Canvas.side, using: &random)
      return try model.decoder(vae.scaled(vae.encode(tensor).mean))
    }
  }

  private func context(_ captions: [String]) throws -> Tensor {
    try TextConditioning(model.textEncoder1)(Captions.ids(captions, model.tokenizers.first)).context
  }
}

/// Captions as token ids.
enum Captions {
  /// One piece of 77 tokens for each caption; what is longer is cut off.
  static func ids(_ captions: [String], _ tokenizer: CLIPTokenizer) -> [[[Int]]] {
    captions.map { tokenizer.chunks(Prompt(plain: $0), limit: 1).chunks.map(\.tokens) }
  }

  /// The same as a tensor, `[captions, 77]`.
  static func tensor(_ captions: [String], _ tokenizer: CLIPTokenizer) throws -> Tensor {
    let ids = ids(captions, tokenizer).flatMap { $0 }
    return try Tensor(ids.flatMap { $0.map(Int64.init) }, shape: [ids.count, ids.first?.count ?? 0])
  }
}
