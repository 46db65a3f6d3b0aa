/// Cuts a normalised text into the words that byte pairs are merged in.
///
/// The rules of CLIP's regular expressions: contractions, runs of letters, single digits, runs of anything else; spaces
/// part words and vanish.
struct WordSplitter: Sequence, IteratorProtocol {
  private let scalars: ArraySlice<SourcedScalar>
  private var at: Int
  /// Where the words of a spelled-out special token end.
  private var waiting: [Int] = []

  init(_ scalars: ArraySlice<SourcedScalar>) {
    self.scalars = scalars
    at = scalars.startIndex
  }

  private static let contractions: [[Unicode.Scalar]] = ["'s", "'t", "'re", "'ve", "'m", "'ll", "'d"].map {
    Array($0.unicodeScalars)
  }
  /// The names that the first expression takes whole, and the second cuts into signs, letters and signs.
  private static let names: [[Unicode.Scalar]] = ["<|startoftext|>", "<|endoftext|>"].map { Array($0.unicodeScalars) }

  private func starts(with word: [Unicode.Scalar]) -> Bool {
    scalars[at...].lazy.map(\.scalar).starts(with: word)
  }

  private func end(from start: Int, while belongs: (Unicode.Scalar) -> Bool) -> Int {
    var end = start
    while end < scalars.endIndex, belongs(scalars[end].scalar) { end += 1 }
    return end
  }

  /// The next word.
  mutating func next() -> ArraySlice<SourcedScalar>? {
    at = end(from: at) { $0.isCLIPSpace }
    guard at < scalars.endIndex else { return nil }
    let start = at
    at = waiting.popLast() ?? wordEnd()
    return scalars[start..<at]
  }

  private mutating func wordEnd() -> Int {
    let first = scalars[at].scalar
    if first == "<", let name = Self.names.first(where: starts) {
      waiting = [at + name.count, at + name.count - 2]
      return at + 2
    }
    if first == "'", let contraction = Self.contractions.first(where: starts) { return at + contraction.count }
    if first.isCLIPLetter { return end(from: at) { $0.isCLIPLetter } }
    if first.isCLIPNumber { return at + 1 }
    return end(from: at) { !$0.isCLIPSpace && !$0.isCLIPLetter && !$0.isCLIPNumber }
  }
}
