import Torch

/// Token ids to what a family's UNet is conditioned by.
///
/// A prompt is a list of pieces of equal length (77 tokens with start and end); pieces are encoded on their own and laid
/// one after another, so that the context is `[batch, 77 · pieces, width]`.
public struct TextConditioning: Sendable {
  /// The first encoder.
  public let first: CLIPTextEncoder
  /// SDXL's second encoder.
  public let second: CLIPTextEncoder?
  /// The layer whose state is read, counted from the end, 1 the last: "clip skip" as UIs and trainers number it.
  ///
  /// diffusers' `clip_skip` is one less for SD 1 and 2, and two less for SDXL.
  public let layer: Int

  /// How much each token counts.
  public enum Weighting: Sendable, Hashable {
    /// Weights are not used.
    case none
    /// A token's state is multiplied by its weight, and the piece then brought back to the mean that it had.
    ///
    /// This is the rule of AUTOMATIC1111's UI, but for one thing: there the mean is over all prompts of a batch, so that
    /// a picture depends on its neighbours; here over each piece.
    case restoredMean
  }

  /// Text conditioning of SD 1 or 2 with one encoder, of SDXL with two.
  /// - Parameter layer: counted from the end; `nil` for what the family was trained with: the last for SD 1, for SD 2
  ///   the last of the 23 layers that diffusers keeps, the one before the last for SDXL.
  /// - Throws: ``TextConditioningError`` for a layer that an encoder does not have.
  public init(_ first: CLIPTextEncoder, _ second: CLIPTextEncoder? = nil, layer: Int? = nil) throws {
    if let second, second.projection == nil {
      throw TextConditioningError.encoders("the second text encoder has no projection of its pooled state")
    }
    self.first = first
    self.second = second
    self.layer = layer ?? (second == nil ? 1 : 2)
    for encoder in [first, second].compactMap({ $0 }) { try encoder.checkLayer(self.layer) }
  }

  /// Encodes a batch of prompts.
  /// - Parameters:
  ///   - ids: for each prompt its pieces, for each piece its token ids; all prompts have as many pieces.
  ///   - secondIDs: the same for the second encoder, whose tokenizer pads with token 0; `nil` for the same ids.
  ///   - weights: for each token how much it counts; `nil` for 1 everywhere.
  ///   - weighting: what weights do. The pooled state, which is that of the first piece, never depends on them.
  /// - Throws: ``TextConditioningError`` where ids, weights and encoders do not fit.
  public func callAsFunction(
    _ ids: [[[Int]]], secondIDs: [[[Int]]]? = nil, weights: [[[Float]]]? = nil, weighting: Weighting = .restoredMean,
    _ pass: Pass = .plain
  ) throws -> TextEmbedding {
    let pieces = try checkedPieces(ids)
    if let secondIDs, try checkedPieces(secondIDs) != pieces || secondIDs.count != ids.count {
      throw TextConditioningError.shape("the two text encoders are given different numbers of pieces")
    }
    let weights = weighting == .none ? nil : try weightTensor(weights, like: ids)
    let one = try state(first, first.tensor(ids), normed: second == nil, pass)
    guard let second else {
      return TextEmbedding(context: try joined(one, weights, pieces))
    }
    let output = try second(second.tensor(secondIDs ?? ids, endsMatter: true), pass)
    guard let projected = output.projected else {
      throw TextConditioningError.encoders("the second text encoder has no projection of its pooled state")
    }
    let two = output.hidden[output.hidden.count - layer]
    let context = try Tensor.concatenated([joined(one, weights, pieces), joined(two, weights, pieces)], 2)
    let pooled = try projected.reshaped(ids.count, pieces, -1).selected(1, 0)
    return TextEmbedding(context: context, pooled: pooled)
  }

  private func state(_ encoder: CLIPTextEncoder, _ ids: Tensor, normed: Bool, _ pass: Pass) throws -> Tensor {
    try encoder.hiddenState(ids, fromEnd: layer, normed: normed, pass)
  }

  /// `[batch · pieces, tokens, width] → [batch, pieces · tokens, width]`, weighted.
  private func joined(_ states: Tensor, _ weights: Tensor?, _ pieces: Int) throws -> Tensor {
    var states = states
    if let weights {
      // In F32: a mean over a piece in BF16 would have two digits.
      let type = try states.scalarType
      let exact = try states.to(.f32)
      let weighted = try exact * weights.to(states.device)
      let ratio = try exact.mean([1, 2], keep: true) / weighted.mean([1, 2], keep: true)
      states = try (weighted * ratio).to(type)
    }
    let shape = states.shape
    return try states.reshaped(shape[0] / pieces, pieces * shape[1], shape[2])
  }

  /// `[batch · pieces, tokens, 1]`, or nothing where all weights are 1.
  private func weightTensor(_ weights: [[[Float]]]?, like ids: [[[Int]]]) throws -> Tensor? {
    guard let weights else { return nil }
    guard weights.map({ $0.map(\.count) }) == ids.map({ $0.map(\.count) }) else {
      throw TextConditioningError.shape("there is not one weight for each token")
    }
    let flat = weights.flatMap { $0 }
    guard flat.contains(where: { $0.contains { $0 != 1 } }) else { return nil }
    return try Tensor(flat.flatMap { $0 }, shape: [flat.count, flat[0].count, 1])
  }

  private func checkedPieces(_ ids: [[[Int]]]) throws(TextConditioningError) -> Int {
    guard let pieces = ids.first?.count, pieces > 0 else { throw .shape("there is no piece of text") }
    guard ids.allSatisfy({ $0.count == pieces }) else {
      throw .shape("the prompts have \(ids.map(\.count)) pieces; give the shorter ones empty pieces")
    }
    return pieces
  }
}

extension CLIPTextEncoder {
  /// The ids of all pieces, `[pieces, tokens]` on the encoder's device, checked.
  /// - Parameters:
  ///   - ids: for each prompt its pieces.
  ///   - endsMatter: whether each piece must hold the end token.
  func tensor(_ ids: [[[Int]]], endsMatter: Bool = false) throws -> Tensor {
    let pieces = ids.flatMap { $0 }
    guard let length = pieces.first?.count, length > 0, pieces.allSatisfy({ $0.count == length }) else {
      throw TextConditioningError.shape(
        "the pieces have \(Set(pieces.map(\.count)).sorted()) tokens; all must be as long")
    }
    guard length <= configuration.positions else {
      throw TextConditioningError.tooLong(length, limit: configuration.positions)
    }
    for piece in pieces {
      if let unknown = piece.first(where: { !(0..<tokenCount).contains($0) }) {
        throw TextConditioningError.unknownToken(unknown, count: tokenCount)
      }
      if endsMatter, configuration.endToken != 2, !piece.contains(configuration.endToken) {
        throw TextConditioningError.noEnd(configuration.endToken)
      }
    }
    return try Tensor(pieces.flatMap { $0.map(Int64.init) }, shape: [pieces.count, length]).to(tokens.device)
  }
}
