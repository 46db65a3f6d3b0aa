internal import Diffusion
internal import Torch

extension CastObjective {
  /// What the base model predicts, without gradients.
  func basePrediction(_ input: BatchInput, _ captions: [String]) throws -> Tensor {
    try withoutGradients {
      let text = try texts.embeddings(captions, stores: input.samples.map(\.isConstant))
      return try predict(input, text, .plain)
    }
  }

  /// What the adapted model predicts, without gradients and dropout.
  func prediction(_ input: BatchInput, _ captions: [String], _ routes: [[Int]]) throws -> Tensor {
    try withoutGradients {
      let adapters = try network.adapters(routes, pieces: encoder.pieces)
      let text =
        trainsText
        ? try encoder(captions, Pass(adapters: adapters))
        : try texts.embeddings(captions, stores: input.samples.map(\.isConstant))
      return try predict(input, text, Pass(adapters: adapters))
    }
  }

  /// The embeddings of captions with what acts on them, and what acts on the UNet.
  func conditioned(
    _ captions: [String], _ routes: [[Int]], _ samples: [TrainingSample], _ probe: AttentionProbe?
  ) throws -> (TextEmbedding, Pass) {
    var adapters = try network.adapters(routes, pieces: encoder.pieces, seeds: samples.map(\.dropoutSeed))
    let pass = Pass(adapters: adapters, recomputation: recomputation)
    let text =
      trainsText ? try encoder(captions, pass) : try texts.embeddings(captions, stores: samples.map(\.isConstant))
    guard let probe else { return (text, pass) }
    probe.add(to: &adapters)
    return (text, Pass(adapters: adapters, recomputation: recomputation))
  }

  /// The UNet's prediction.
  func predict(_ input: BatchInput, _ text: TextEmbedding, _ pass: Pass) throws -> Tensor {
    let addition = try text.pooled.map {
      AddedConditioning(pooled: $0, sizes: try SizeConditioning.tensor(input.samples.map(\.sizes)).to($0.device))
    }
    return try model.unet(input.noisy, times: input.times, context: text.context, addition: addition, pass)
  }
}
