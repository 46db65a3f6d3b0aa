extension CLIPTokenizer {
  /// The chunks of a prompt, each with its start, its end and its padding.
  ///
  /// As in the web UIs each run of one weight is tokenized by itself, and texts longer than a chunk go on in the next.
  /// `limit: 1` truncates as diffusers does.
  /// - Parameters:
  ///   - length: the positions of a chunk, start and end included; at least 3.
  ///   - limit: the most chunks; further tokens are dropped, and counted. Nil for as many as it takes.
  public func chunks(_ prompt: Prompt, length: Int = 77, limit: Int? = nil) -> TokenChunks {
    var stretches: [[Token]] = [[]]
    for piece in prompt.pieces {
      if let weight = piece.weight {
        stretches[stretches.count - 1] += tokens(piece.text, weight: weight)
      } else {
        stretches.append([])
      }
    }
    return TokenChunks(stretches, start: start, end: end, padding: padding, length: length, limit: limit)
  }

  /// Where the tokens of a word or phrase stand in the chunks of a prompt, one list per occurrence.
  ///
  /// Empty lists are occurrences that truncation dropped.
  public func positions(
    of phrase: String, in prompt: Prompt, wholeWords: Bool = true, length: Int = 77, limit: Int? = nil
  ) -> [[TokenChunks.Position]] {
    let chunks = chunks(prompt, length: length, limit: limit)
    return prompt.occurrences(of: phrase, wholeWords: wholeWords).map { chunks.positions(of: $0) }
  }
}
