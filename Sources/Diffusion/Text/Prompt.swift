/// A prompt: its texts, how much each is asked for, and where new chunks begin.
public struct Prompt: Sendable, Equatable {
  /// A part of a prompt, in order.
  public enum Part: Sendable, Equatable {
    /// Text to tokenize, and its weight.
    case text(String, weight: Double)
    /// `BREAK`: what follows begins a new chunk.
    case chunkBreak
  }

  struct Piece: Sendable, Equatable {
    var text: SourcedText
    /// Nil for a break.
    var weight: Double?
  }

  var pieces: [Piece]

  init(pieces: [Piece]) { self.pieces = pieces }

  /// A text as it stands: brackets, colons and `BREAK` are text like any other.
  public init(plain text: String) { pieces = [Piece(text: SourcedText(text), weight: 1)] }

  /// Reads the syntax of prompt weights that AUTOMATIC1111's web UI brought into use.
  ///
  /// `(text)` is asked for 1.1 times as much, `[text]` 1.1 times less, `(text:1.3)` 1.3 times; they nest and multiply.
  /// `\(`, `\)`, `\[`, `\]` and `\\` are the signs themselves. `BREAK`, as a word of its own, begins a new chunk.
  /// Nothing is refused: brackets that are never closed reach to the end, those never opened are text, and so is a
  /// weight that is no number.
  public init(weighted text: String) {
    var parser = PromptParser(text)
    pieces = parser.parse()
  }

  /// The parts in order; neighbours differ in weight.
  public var parts: [Part] {
    pieces.map { piece in piece.weight.map { .text(piece.text.string, weight: $0) } ?? .chunkBreak }
  }
}
