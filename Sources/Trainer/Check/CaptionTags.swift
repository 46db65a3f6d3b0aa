/// A caption as checks read it: in lower case, with spaces for underscores.
struct CaptionTags: Sendable, Hashable {
  /// The tags, each once, in their order.
  let tags: [String]
  /// The whole caption, for phrases in running text.
  let text: String

  /// The caption of a picture with what its subset puts before and after it.
  init(_ picture: DatasetPictures.Picture, rule: CaptionRule) {
    let text = [rule.prefix, picture.caption, rule.suffix].compactMap { $0 }.filter { !$0.isEmpty }
      .joined(separator: " ")
    self.init(text, rule: rule)
  }

  /// A caption under a rule.
  init(_ caption: String, rule: CaptionRule = CaptionRule()) {
    var text = caption
    let lines = text.pieces(by: "\n")
    if rule.expandsWildcards {
      // Any of the parts may be drawn, so all of them count.
      text = lines.joined(separator: rule.separator)
      for sign in ["{", "}", "|"] { text = text.replacing(each: sign, by: rule.separator) }
    } else {
      text = lines[0]
    }
    for separator in [rule.secondarySeparator, rule.keptTagsSeparator] {
      if let separator, !separator.isEmpty { text = text.replacing(each: separator, by: rule.separator) }
    }
    var seen: Set<String> = []
    tags = text.pieces(by: rule.separator).map(Self.normalised).filter { !$0.isEmpty && seen.insert($0).inserted }
    self.text = Self.normalised(text)
  }

  /// A tag as it is compared: `Blue_Hair ` and `blue hair` are one.
  static func normalised(_ tag: String) -> String {
    tag.lowercased().replacing(each: "\\(", by: "(").replacing(each: "\\)", by: ")").replacing(each: "_", by: " ")
      .trimmed
  }

  /// Whether a phrase stands anywhere in it.
  func holds(_ phrase: String) -> Bool { text.holds(word: Self.normalised(phrase)) }
}
