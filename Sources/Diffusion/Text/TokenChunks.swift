/// A prompt in pieces of the length that a text encoder takes.
public struct TokenChunks: Sendable, Equatable {
  /// One piece: start, text, end, padding.
  public struct Chunk: Sendable, Equatable {
    /// The tokens, as many as the encoder has positions.
    public var tokens: [Int]
    /// The weight of each token; 1 for start, end and padding.
    public var weights: [Double]
    /// The positions of the text's tokens; the end token stands at the upper bound.
    public var content: Range<Int>
  }

  /// A place in the chunks.
  public struct Position: Sendable, Hashable {
    /// Which chunk.
    public var chunk: Int
    /// The position in the chunk; 0 is the start token.
    public var position: Int

    /// Makes a position.
    public init(chunk: Int, position: Int) {
      self.chunk = chunk
      self.position = position
    }
  }

  /// The pieces; always at least one.
  public private(set) var chunks: [Chunk]
  /// The number of the text's tokens that found no place.
  public let dropped: Int

  private let empty: Chunk
  private let places: [(source: Range<Int>, position: Position)]

  /// Lays the tokens of each stretch between breaks out in chunks.
  init(_ stretches: [[Token]], start: Int, end: Int, padding: Int, length: Int, limit: Int?) {
    let capacity = max(length - 2, 1)
    var contents: [[Token]] = []
    for (index, stretch) in stretches.enumerated() {
      let before = contents.count
      for lower in stride(from: 0, to: stretch.count, by: capacity) {
        contents.append(Array(stretch[lower..<min(lower + capacity, stretch.count)]))
      }
      // A break ends a chunk even when nothing is in it; the end of the prompt does not.
      if contents.count == before, index + 1 < stretches.count { contents.append([]) }
    }
    if contents.isEmpty { contents = [[]] }
    let kept = contents.prefix(limit.map { max($0, 1) } ?? contents.count)
    dropped = contents[kept.count...].reduce(0) { $0 + $1.count }
    func chunk(_ content: [Token]) -> Chunk {
      let fill = capacity - content.count
      return Chunk(
        tokens: [start] + content.map(\.id) + [end] + Array(repeating: padding, count: fill),
        weights: [1] + content.map(\.weight) + Array(repeating: 1, count: fill + 1),
        content: 1..<content.count + 1)
    }
    empty = chunk([])
    chunks = kept.map(chunk)
    places = kept.enumerated().flatMap { number, content in
      content.enumerated().map { ($1.source, Position(chunk: number, position: $0 + 1)) }
    }
  }

  /// The same chunks, with empty ones after them up to this number.
  ///
  /// A prompt and its negative prompt need the same number.
  public func extended(to count: Int) -> TokenChunks {
    var result = self
    while result.chunks.count < count { result.chunks.append(empty) }
    return result
  }

  /// Where the tokens stand that a stretch of the source, in bytes of its UTF-8, went into.
  ///
  /// Empty when truncation dropped them.
  public func positions(of source: Range<Int>) -> [Position] {
    places.filter { $0.source.overlaps(source) }.map(\.position)
  }

  /// Whether both hold the same tokens and weights at the same places, made from the same bytes.
  public static func == (a: TokenChunks, b: TokenChunks) -> Bool {
    a.chunks == b.chunks && a.dropped == b.dropped
      && a.places.elementsEqual(b.places) { $0.source == $1.source && $0.position == $1.position }
  }
}
