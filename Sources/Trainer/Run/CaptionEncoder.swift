public import Diffusion
internal import Torch

/// Captions to what the UNet is told.
///
/// Every caption takes the same number of pieces of 77 tokens, start and end included; longer captions are cut off, shorter
/// ones padded. Captions are plain text: brackets mean nothing.
public struct CaptionEncoder: Sendable {
  private let conditioning: TextConditioning
  private let tokenizers: ModelTokenizers
  private let lengths: (first: Int, second: Int)
  /// Pieces of a caption.
  public let pieces: Int

  /// An encoder of a model's captions.
  /// - Parameters:
  ///   - layer: the text encoders' layer, counted from the end ("clip skip"); nil for the family's own.
  ///   - tokens: how many tokens of a caption count: 75, 150 or 225.
  /// - Throws: `TextConditioningError` for a layer that the encoders do not have.
  public init(_ model: DiffusionModel, layer: Int?, tokens: Int) throws {
    conditioning = try TextConditioning(model.textEncoder1, model.textEncoder2, layer: layer)
    tokenizers = model.tokenizers
    let configuration = model.configuration
    lengths = (
      configuration.textEncoder1.positions,
      configuration.textEncoder2?.positions ?? configuration.textEncoder1.positions
    )
    pieces = max(1, tokens / 75)
  }

  /// The embeddings of captions, one row each.
  /// - Parameter pass: what acts on the text encoders, made for ``pieces``.
  public func callAsFunction(_ captions: [String], _ pass: Pass) throws -> TextEmbedding {
    func ids(_ tokenizer: CLIPTokenizer, _ length: Int) -> [[[Int]]] {
      captions.map { caption in
        tokenizer.chunks(Prompt(plain: caption), length: length, limit: pieces).extended(to: pieces).chunks.map(
          \.tokens)
      }
    }
    return try conditioning(
      ids(tokenizers.first, lengths.first), secondIDs: tokenizers.second.map { ids($0, lengths.second) },
      weighting: .none, pass)
  }

  /// Where words stand in captions: `[captions, tokens]`, 1 at a token of the caption's own words, else 0.
  /// - Parameter words: for each caption the words to be found, such as its triggers.
  func marks(of words: [[String]], in captions: [String]) throws(TorchError) -> Tensor {
    let length = lengths.first
    var marks = [Float](repeating: 0, count: captions.count * pieces * length)
    for (row, caption) in captions.enumerated() {
      for word in words[row] {
        let places = tokenizers.first.positions(of: word, in: Prompt(plain: caption), length: length, limit: pieces)
        for place in places.flatMap(\.self) {
          marks[(row * pieces + place.chunk) * length + place.position] = 1
        }
      }
    }
    return try Tensor(marks, shape: [captions.count, pieces * length])
  }
}
