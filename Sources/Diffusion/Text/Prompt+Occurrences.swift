extension Prompt {
  /// Where a word or phrase stands in the prompt, as bytes of the UTF-8 of the prompt's source.
  ///
  /// Upper case, the form of accents and the number of spaces do not matter, as they do not to the tokenizer. In a
  /// weighted prompt the phrase is looked for in what the prompt says: without brackets and weights, escapes resolved.
  /// - Parameter wholeWords: leave out what continues as a word on either side, as `art` in `party`. Scripts without
  ///   spaces need `false`.
  public func occurrences(of phrase: String, wholeWords: Bool = true) -> [Range<Int>] {
    let word = SourcedText(phrase).normalised.scalars[...].trimmed(start: true, end: true).map(\.scalar)
    guard let first = word.first, let last = word.last else { return [] }
    let spoken = SourcedText(
      pieces.flatMap { piece in
        // A phrase does not reach over a break.
        piece.weight == nil ? [SourcedScalar("\n", 0, 0), SourcedScalar("\0", 0, 0)] : piece.text.scalars
      })
    let text = spoken.normalised.scalars
    func continues(_ edge: Unicode.Scalar, _ neighbour: Int) -> Bool {
      wholeWords && edge.isWordScalar && text.indices.contains(neighbour) && text[neighbour].scalar.isWordScalar
    }
    var found: [Range<Int>] = []
    var at = 0
    while at + word.count <= text.count {
      let end = at + word.count
      guard text[at..<end].lazy.map(\.scalar).elementsEqual(word), !continues(first, at - 1), !continues(last, end)
      else {
        at += 1
        continue
      }
      found.append(text[at].lower..<text[end - 1].upper)
      at = end
    }
    return found
  }
}
