/// A token that is found in a text as it stands, before the text is cut into words.
struct SpecialToken: Sendable, Equatable {
  var content: String
  var id: Int32
  /// Whether it is looked for in the normalised text, so that upper case and spaces do not matter.
  var normalised: Bool
}

/// The special tokens of a tokenizer, ready to be looked for.
struct SpecialTokens: Sendable {
  private struct Pattern {
    var scalars: [Unicode.Scalar]
    var id: Int32
  }

  /// A stretch of a text: a special token, or what lies between them.
  enum Stretch {
    case special(Int32, ArraySlice<SourcedScalar>)
    case text(ArraySlice<SourcedScalar>)
  }

  private let patterns: [Pattern]

  init(_ tokens: [SpecialToken], normalised: Bool) {
    patterns =
      tokens.filter { $0.normalised == normalised }.map {
        let text = SourcedText($0.content)
        return Pattern(scalars: (normalised ? text.normalised : text).scalars.map(\.scalar), id: $0.id)
      }
      .filter { !$0.scalars.isEmpty }
      // Of two that start at one place the longer counts.
      .sorted { $0.scalars.count > $1.scalars.count }
  }

  /// Cuts a text at its special tokens.
  func stretches(of text: SourcedText) -> [Stretch] {
    let scalars = text.scalars
    var stretches: [Stretch] = []
    var start = 0
    var at = 0
    while at < scalars.count {
      let first = scalars[at].scalar
      guard
        let found = patterns.first(where: {
          $0.scalars[0] == first && scalars[at...].lazy.map(\.scalar).starts(with: $0.scalars)
        })
      else {
        at += 1
        continue
      }
      if start < at { stretches.append(.text(scalars[start..<at])) }
      start = at + found.scalars.count
      stretches.append(.special(found.id, scalars[at..<start]))
      at = start
    }
    if start < scalars.count { stretches.append(.text(scalars[start...])) }
    return stretches
  }
}
