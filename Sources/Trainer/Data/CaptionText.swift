/// Text handled by Unicode scalars, as other trainers do: a comma before a combining mark is still a comma.
extension String {
  /// The parts between separators, empty ones too; always at least one.
  func pieces(by separator: String, limit: Int = .max) -> [String] {
    guard !separator.isEmpty else { return [self] }
    return unicodeScalars.split(
      separator: separator.unicodeScalars, maxSplits: limit == .max ? .max : limit - 1, omittingEmptySubsequences: false
    ).map(String.init)
  }

  /// The text without white space at either end.
  var trimmed: String {
    let scalars = unicodeScalars
    guard let first = scalars.firstIndex(where: { !$0.properties.isWhitespace }),
      let last = scalars.lastIndex(where: { !$0.properties.isWhitespace })
    else { return "" }
    return String(scalars[first...last])
  }

  /// The text with each occurrence replaced, from left to right.
  func replacing(each part: String, by other: String) -> String {
    part.isEmpty ? self : pieces(by: part).joined(separator: other)
  }

  /// Whether a word or phrase occurs, not merely as part of a longer word.
  func holds(word: String) -> Bool { !ranges(ofWord: word).isEmpty }

  /// Where a word or phrase occurs, not merely as part of a longer word.
  func ranges(ofWord word: String) -> [Range<String.Index>] {
    guard !word.isEmpty else { return [] }
    func isWord(_ scalar: Unicode.Scalar) -> Bool {
      scalar == "_" || scalar.properties.isAlphabetic || scalar.properties.numericType != nil
    }
    let scalars = unicodeScalars
    return scalars.ranges(of: word.unicodeScalars).filter { range in
      let before = range.lowerBound > scalars.startIndex ? scalars[scalars.index(before: range.lowerBound)] : " "
      let after = range.upperBound < scalars.endIndex ? scalars[range.upperBound] : " "
      return !isWord(before) && !isWord(after)
    }
  }

  /// The text with each occurrence of a word or phrase replaced.
  func replacing(word: String, by other: String) -> String {
    var result = String.UnicodeScalarView()
    var at = unicodeScalars.startIndex
    for range in ranges(ofWord: word) {
      result.append(contentsOf: unicodeScalars[at..<range.lowerBound])
      result.append(contentsOf: other.unicodeScalars)
      at = range.upperBound
    }
    result.append(contentsOf: unicodeScalars[at...])
    return String(result)
  }
}
