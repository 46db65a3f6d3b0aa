/// Reads the syntax of prompt weights.
struct PromptParser {
  private let source: [SourcedScalar]
  private var at = 0
  private var pieces: [Prompt.Piece] = []
  /// The pieces that open brackets of either kind started at.
  ///
  /// The kinds close independently, as in `(a [b) c]`.
  private var round: [Int] = []
  private var square: [Int] = []

  private static let step = 1.1

  init(_ text: String) { source = SourcedText(text).scalars }

  private func scalar(_ index: Int) -> Unicode.Scalar? { index < source.count ? source[index].scalar : nil }

  mutating func parse() -> [Prompt.Piece] {
    while let next = scalar(at) {
      switch next {
      case "\\": escape()
      case "(":
        round.append(pieces.count)
        at += 1
      case "[":
        square.append(pieces.count)
        at += 1
      case ":":
        if let (weight, end) = closingWeight(), let start = round.popLast() {
          multiply(from: start, by: weight)
          at = end
        } else {
          literal(1)
        }
      case ")":
        if let start = round.popLast() {
          multiply(from: start, by: Self.step)
          at += 1
        } else {
          literal(1)
        }
      case "]":
        if let start = square.popLast() {
          multiply(from: start, by: 1 / Self.step)
          at += 1
        } else {
          literal(1)
        }
      default: run()
      }
    }
    for start in round { multiply(from: start, by: Self.step) }
    for start in square { multiply(from: start, by: 1 / Self.step) }
    let joined = joined()
    return joined.isEmpty ? [Prompt.Piece(text: SourcedText(), weight: 1)] : joined
  }

  private mutating func literal(_ count: Int) {
    pieces.append(.init(text: SourcedText(source[at..<at + count]), weight: 1))
    at += count
  }

  private mutating func escape() {
    guard let next = scalar(at + 1), "()[]\\".unicodeScalars.contains(next) else { return literal(1) }
    let sign = SourcedScalar(next, source[at].lower, source[at + 1].upper)
    pieces.append(.init(text: SourcedText([sign]), weight: 1))
    at += 2
  }

  /// The weight of `:1.3)` at this place, and where what follows it begins.
  private func closingWeight() -> (Double, Int)? {
    var end = at + 1
    func skip(_ belongs: (Unicode.Scalar) -> Bool) {
      while let next = scalar(end), belongs(next) { end += 1 }
    }
    skip(\.isCLIPSpace)
    let start = end
    if scalar(end) == "+" || scalar(end) == "-" { end += 1 }
    skip { $0 == "." || ("0"..."9").contains($0) }
    let number = SourcedText(source[start..<end]).string
    skip(\.isCLIPSpace)
    guard scalar(end) == ")", let weight = Double(number), weight.isFinite else { return nil }
    return (weight, end + 1)
  }

  /// Text up to the next sign, cut at each `BREAK`, which takes the spaces around it along.
  private mutating func run() {
    let start = at
    while let next = scalar(at), !"\\()[]:".unicodeScalars.contains(next) { at += 1 }
    var rest = source[start..<at]
    while let found = Self.firstBreak(rest) {
      append(rest[..<found.lowerBound].trimmed(start: false, end: true))
      pieces.append(.init(text: SourcedText(), weight: nil))
      rest = rest[found.upperBound...].trimmed(start: true, end: false)
    }
    append(rest)
  }

  private mutating func append(_ text: ArraySlice<SourcedScalar>) {
    if !text.isEmpty { pieces.append(.init(text: SourcedText(text), weight: 1)) }
  }

  private static func firstBreak(_ text: ArraySlice<SourcedScalar>) -> Range<Int>? {
    let word = Array("BREAK".unicodeScalars)
    func isWord(_ index: Int) -> Bool { text.indices.contains(index) && text[index].scalar.isWordScalar }
    for start in text.indices where text[start...].lazy.map(\.scalar).starts(with: word) {
      let end = start + word.count
      if !isWord(start - 1), !isWord(end) { return start..<end }
    }
    return nil
  }

  private mutating func multiply(from start: Int, by factor: Double) {
    for index in pieces.indices.dropFirst(start) { pieces[index].weight = pieces[index].weight.map { $0 * factor } }
  }

  /// The pieces, with neighbours of one weight in one.
  private func joined() -> [Prompt.Piece] {
    var joined: [Prompt.Piece] = []
    for piece in pieces {
      if let last = joined.last, let weight = piece.weight, last.weight == weight {
        joined[joined.count - 1].text.scalars += piece.text.scalars
      } else {
        joined.append(piece)
      }
    }
    return joined
  }
}

extension Unicode.Scalar {
  /// Whether it belongs to a word, as `\w` has it.
  var isWordScalar: Bool { self == "_" || isCLIPLetter || isCLIPNumber }
}

extension ArraySlice<SourcedScalar> {
  /// The text without the spaces at its start or end.
  func trimmed(start: Bool, end: Bool) -> ArraySlice<SourcedScalar> {
    var rest = self
    while start, let first = rest.first, first.scalar.isCLIPSpace { rest.removeFirst() }
    while end, let last = rest.last, last.scalar.isCLIPSpace { rest.removeLast() }
    return rest
  }
}
