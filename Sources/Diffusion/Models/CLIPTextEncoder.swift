public import Torch

/// A CLIP text encoder: token ids to states that condition a UNet.
///
/// Parameters are named as in transformers: `text_model.encoder.layers.0.self_attn.q_proj.weight`, and
/// `text_projection.weight` without a prefix.
public struct CLIPTextEncoder: Sendable {
  /// Its shape.
  public let configuration: CLIPConfiguration
  /// The map of the pooled state, where the model has one.
  public let projection: Linear?
  let tokens: Tensor
  let positions: Tensor
  let layers: [CLIPLayer]
  let norm: LayerNorm
  private(set) var learned: Tensor?

  /// What an encoder gives for a batch of pieces.
  public struct Output: Sendable {
    /// The embeddings, then the state after each layer, before the final norm: `layers + 1` of `[pieces, tokens, width]`.
    public var hidden: [Tensor]
    /// The last state after the final norm.
    public var last: Tensor
    /// `last` at the end of the text, `[pieces, width]`.
    public var pooled: Tensor
    /// The projection of `pooled`, `[pieces, projection]`, where the model has one.
    public var projected: Tensor?
  }

  /// Reads the model's parameters.
  public init(_ parameters: Parameters, _ configuration: CLIPConfiguration) throws {
    let width = configuration.width
    let model = parameters["text_model"]
    self.configuration = configuration
    tokens = try model["embeddings"]["token_embedding"].tensor("weight", configuration.vocabulary, width)
    positions = try model["embeddings"]["position_embedding"].tensor("weight", configuration.positions, width)
    layers = try (0..<configuration.layers).map { try CLIPLayer(model["encoder"]["layers"][$0], configuration) }
    norm = try LayerNorm(model["final_layer_norm"], width: width, epsilon: configuration.epsilon)
    projection = try configuration.projection.map {
      try Linear(parameters["text_projection"], inputs: width, outputs: $0, bias: false)
    }
  }

  /// Every layer that adapters can act on: six of each layer, then the projection.
  public var adaptableLayers: [any AdaptableLayer] {
    layers.flatMap { $0.adaptable } + (projection.map { [$0] } ?? [])
  }

  /// The same encoder with learned embeddings: token ids from the vocabulary's size on name the rows of `rows`.
  ///
  /// Gradients reach the rows when they ask for them; the layers stay the same sites for adapters.
  /// - Parameter rows: `[count, width]`; `nil` for the vocabulary alone.
  public func learning(_ rows: Tensor?) -> CLIPTextEncoder {
    var copy = self
    copy.learned = rows
    return copy
  }

  /// How many token ids there are: the vocabulary's and the learned ones.
  public var tokenCount: Int { configuration.vocabulary + (learned?.shape.first ?? 0) }

  /// Runs the whole encoder.
  /// - Parameter ids: token ids, `[pieces, tokens]` in I64, on the encoder's device.
  public func callAsFunction(_ ids: Tensor, _ pass: Pass = .plain) throws -> Output {
    let hidden = try states(ids, upTo: layers.count, pass)
    let last = try norm(hidden[layers.count], pass)
    let pooled = try pooled(last, ids)
    return Output(hidden: hidden, last: last, pooled: pooled, projected: try projection.map { try $0(pooled, pass) })
  }

  /// One hidden state, without computing the layers above it.
  /// - Parameters:
  ///   - ids: token ids, `[pieces, tokens]` in I64, on the encoder's device.
  ///   - fromEnd: 1 for the last layer, 2 for the one before ("clip skip 2"), up to `layers + 1` for the embeddings.
  ///   - normed: whether the final norm is applied.
  /// - Throws: ``TextConditioningError`` for a layer that the encoder does not have.
  public func hiddenState(_ ids: Tensor, fromEnd: Int, normed: Bool, _ pass: Pass = .plain) throws -> Tensor {
    try checkLayer(fromEnd)
    let count = layers.count + 1 - fromEnd
    let state = try states(ids, upTo: count, pass)[count]
    return normed ? try norm(state, pass) : state
  }

  func checkLayer(_ fromEnd: Int) throws(TextConditioningError) {
    guard (1...layers.count + 1).contains(fromEnd) else {
      throw .layer(fromEnd, available: layers.count + 1)
    }
  }

  private func states(_ ids: Tensor, upTo count: Int, _ pass: Pass) throws -> [Tensor] {
    var hidden = [try embedded(ids)]
    for layer in layers.prefix(count) {
      hidden.append(try pass.segment([hidden[hidden.count - 1]]) { try layer($0[0], pass) })
    }
    return hidden
  }

  private func embedded(_ ids: Tensor) throws -> Tensor {
    let positions = try positions.narrowed(0, from: 0, length: ids.size(1))
    guard let learned else { return try tokens.embedding(ids) + positions }
    // Two look-ups instead of one in a joined table: the vocabulary's is large, and its copy would hold no gradients.
    // Arithmetic with numbers gives F32, which holds ids exactly.
    let size = Double(configuration.vocabulary)
    let rows = try learned.to(tokens.device, tokens.scalarType).embedding((ids - size).clamped(from: 0).to(.i64))
    let own = try tokens.embedding(ids.clamped(upTo: size - 1).to(.i64))
    return try ids.isLess(than: size).unsqueezed(-1).choose(own, rows) + positions
  }

  /// The state at the first end token of each piece.
  private func pooled(_ last: Tensor, _ ids: Tensor) throws -> Tensor {
    let end: Tensor
    if configuration.endToken == 2 {
      // Such files mean the greatest id, which is the end's; learned tokens come after it and do not count.
      let known = try ids.isLess(than: Double(configuration.vocabulary))
      end = try known.choose(ids, ids.zerosLike()).indexOfMaximum(1)
    } else {
      end = try ids.equals(Double(configuration.endToken)).to(.i64).indexOfMaximum(1)
    }
    let index = try end.reshaped(-1, 1, 1).expanded([-1, 1, configuration.width])
    return try last.gathered(1, index).squeezed(1)
  }
}
