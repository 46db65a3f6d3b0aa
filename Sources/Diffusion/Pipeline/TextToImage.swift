public import Images
public import Torch

/// Pictures from text: a model, run with its sampler.
///
/// Seed S begins with the noise that diffusers draws from a CPU generator with seed S. Without prompt weights and LoRAs
/// of its own the result is that of diffusers' pipeline with the same settings, but for rounding.
public struct TextToImage: Sendable {
  /// The model.
  public let model: DiffusionModel

  /// Pictures of a model.
  public init(_ model: DiffusionModel) { self.model = model }

  /// Draws the pictures of a request in one batch.
  ///
  /// Whatever `progress` throws ends the run; that is how it is cancelled.
  /// - Parameters:
  ///   - adapters: what acts on UNet and text encoders, made for the model's sites.
  ///   - progress: called after each step.
  /// - Throws: ``DiffusionError``, ``SamplingError``, ``TextConditioningError`` or `TorchError`.
  public func callAsFunction(
    _ request: PictureRequest, adapters: AdapterSet = AdapterSet(),
    progress: (SamplingProgress) throws -> Void = { _ in }
  ) throws -> [Picture] {
    try withoutGradients { try model.decoder(latents(request, adapters: adapters, progress: progress)) }
  }

  /// Refuses a request that cannot be drawn, before anything is computed.
  /// - Throws: ``DiffusionError`` for its size, ``SamplingError`` for its steps, ``TextConditioningError`` for its layer.
  public func check(_ request: PictureRequest) throws {
    try request.checkSize(reduction: model.reduction)
    _ = try sampler(request)
    _ = try TextConditioning(model.textEncoder1, model.textEncoder2, layer: request.layer)
  }

  /// The latents that a run begins with, `[pictures, channels, height, width]`.
  public func firstLatents(_ request: PictureRequest) throws -> Tensor {
    try start(request, sampler(request), NoiseSource(seeds: request.seeds))
  }

  /// The latents of a request after all steps, in single precision.
  public func latents(
    _ request: PictureRequest, adapters: AdapterSet = AdapterSet(),
    progress: (SamplingProgress) throws -> Void = { _ in }
  ) throws -> Tensor {
    try request.checkSize(reduction: model.reduction)
    let pass = Pass(adapters: adapters)
    let sampler = try sampler(request)
    let noise = try NoiseSource(seeds: request.seeds)
    let text = try PromptEncoder(model, request).encoded(pass)
    let conditions = try Conditions(text, request, on: model.precision.device)
    return try sampler.run(
      from: start(request, sampler, noise), noise: noise,
      model: { input, step in
        // Two looks in one batch save time where there are many cores to feed, and memory where there are few.
        let together = model.precision.device.kind != .cpu
        return try request.guidance.predict(input, at: step, together: together) { input, step, conditioning in
          let times = try Tensor.full([input.size(0)], step.time, on: model.precision.device)
          let (context, addition) = conditions[conditioning]
          return try model.unet(input, times: times, context: context, addition: addition, pass)
        }
      }, progress: progress)
  }

  private func sampler(_ request: PictureRequest) throws -> any Sampler {
    let configuration = model.configuration.schedule
    return try request.sampler.sampler(
      steps: request.steps, schedule: request.schedule ?? .standard(for: configuration), for: configuration,
      eta: request.eta)
  }

  private func start(_ request: PictureRequest, _ sampler: any Sampler, _ noise: NoiseSource) throws -> Tensor {
    let shape = [
      model.configuration.vae.latentChannels, request.height / model.reduction, request.width / model.reduction,
    ]
    return try sampler.start(shape, noise: noise, on: model.precision.device)
  }
}

/// What the UNet is told in each of its looks, for the whole batch.
private struct Conditions {
  private let prompt: (Tensor, AddedConditioning?)
  private let negative: (Tensor, AddedConditioning?)
  private let both: (Tensor, AddedConditioning?)

  init(_ text: PromptEncoder.Encoded, _ request: PictureRequest, on device: Device) throws {
    let count = request.seeds.count
    func conditioning(_ texts: [TextEmbedding]) throws -> (Tensor, AddedConditioning?) {
      let all = try TextEmbedding.joined(texts.flatMap { Array(repeating: $0, count: count) })
      let size = SizeConditioning(height: request.height, width: request.width)
      let addition = try all.pooled.map {
        AddedConditioning(
          pooled: $0,
          sizes: try SizeConditioning.tensor(Array(repeating: size, count: count * texts.count)).to(device))
      }
      return (all.context, addition)
    }
    prompt = try conditioning([text.prompt])
    negative = try conditioning([text.negative])
    both = try conditioning([text.negative, text.prompt])
  }

  subscript(_ conditioning: Guidance.Conditioning) -> (Tensor, AddedConditioning?) {
    switch conditioning {
    case .prompt: prompt
    case .negative: negative
    case .both: both
    }
  }
}
