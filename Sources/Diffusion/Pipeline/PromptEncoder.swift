import Torch

/// A request's texts on their way to the UNet.
struct PromptEncoder {
  /// Both texts, with as many pieces.
  struct Encoded {
    var prompt: TextEmbedding
    var negative: TextEmbedding
  }

  private let model: DiffusionModel
  private let request: PictureRequest

  init(_ model: DiffusionModel, _ request: PictureRequest) {
    self.model = model
    self.request = request
  }

  /// Encodes prompt and negative prompt; texts longer than a piece go on in the next.
  func encoded(_ pass: Pass) throws -> Encoded {
    let conditioning = try TextConditioning(model.textEncoder1, model.textEncoder2, layer: request.layer)
    let configuration = model.configuration
    var first = pieces(model.tokenizers.first, length: configuration.textEncoder1.positions)
    var second = model.tokenizers.second.map {
      pieces($0, length: configuration.textEncoder2?.positions ?? configuration.textEncoder1.positions)
    }
    // The two tokenizers take `!` differently, which near the end of a piece can make one of them begin another.
    let count = (first + (second ?? [])).map(\.chunks.count).max() ?? 1
    first = first.map { $0.extended(to: count) }
    second = second?.map { $0.extended(to: count) }
    let both = try conditioning(
      first.map(Self.ids), secondIDs: second.map { $0.map(Self.ids) },
      weights: request.isWeighted ? first.map(Self.weights) : nil, pass)
    let prompt = try TextEmbedding(
      context: both.context.narrowed(0, from: 0, length: 1), pooled: both.pooled?.narrowed(0, from: 0, length: 1))
    guard model.zeroesAbsentPrompt, request.negative.isEmpty else {
      return Encoded(
        prompt: prompt,
        negative: try TextEmbedding(
          context: both.context.narrowed(0, from: 1, length: 1), pooled: both.pooled?.narrowed(0, from: 1, length: 1)))
    }
    return Encoded(prompt: prompt, negative: try prompt.zeros())
  }

  /// The pieces of prompt and negative prompt.
  private func pieces(_ tokenizer: CLIPTokenizer, length: Int) -> [TokenChunks] {
    [request.prompt, request.negative].map { text in
      tokenizer.chunks(request.isWeighted ? Prompt(weighted: text) : Prompt(plain: text), length: length)
    }
  }

  private static func ids(_ chunks: TokenChunks) -> [[Int]] { chunks.chunks.map(\.tokens) }
  private static func weights(_ chunks: TokenChunks) -> [[Float]] { chunks.chunks.map { $0.weights.map(Float.init) } }
}
