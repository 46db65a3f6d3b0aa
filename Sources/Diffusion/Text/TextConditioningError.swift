/// Tokens that a text encoder cannot take.
public enum TextConditioningError: Error, Sendable, Equatable, CustomStringConvertible {
  /// A layer counted from the end that the encoder does not have.
  case layer(Int, available: Int)
  /// Prompts of a batch, or ids and weights, or the ids of two encoders, that do not have the same pieces.
  case shape(String)
  /// A piece longer than the encoder's positions.
  case tooLong(Int, limit: Int)
  /// A token id outside the vocabulary and the learned embeddings.
  case unknownToken(Int, count: Int)
  /// A piece without the token that ends a text, at which the pooled state is taken.
  case noEnd(Int)
  /// The encoders that were given do not fit the family.
  case encoders(String)

  /// One sentence.
  public var description: String {
    switch self {
    case .layer(let layer, let available):
      "clip skip \(layer) names no layer of this text encoder: it must be from 1 (the last) to \(available)"
    case .shape(let detail): "the tokens of a batch do not fit together: \(detail)"
    case .tooLong(let count, let limit):
      "a piece of text has \(count) tokens, but this text encoder has \(limit) positions: cut it into shorter pieces"
    case .unknownToken(let id, let count):
      "token \(id) is not one of this text encoder's \(count): the tokenizer belongs to another model"
    case .noEnd(let token):
      "a piece of text does not hold the token \(token) that ends it: the tokenizer belongs to another model"
    case .encoders(let detail): "text cannot be encoded: \(detail)"
    }
  }
}
