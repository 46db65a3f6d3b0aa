/// CLIP's tokenizer: byte pairs over text in lower case, as transformers' `CLIPTokenizer` has it.
///
/// A value of little weight once made; tokenizing is safe from any thread.
public struct CLIPTokenizer: Sendable {
  /// The token that starts every chunk.
  public let start: Int
  /// The token that ends every chunk.
  public let end: Int
  /// The token that fills chunks up: the end token in SD 1.x and SDXL's first tokenizer, 0 (`!`) in SD 2.x and SDXL's
  /// second.
  public let padding: Int
  /// One more than the greatest token: the least number of rows that an encoder's table must have.
  public let vocabularySize: Int

  private let pairs: BytePairs
  private let cache = WordCache()
  private let exact: SpecialTokens
  private let loose: SpecialTokens
  private let special: Set<Int>

  init(_ vocabulary: Vocabulary, _ settings: TokenizerSettings, path: String) throws(TokenizerError) {
    var vocabulary = vocabulary
    // What is declared with an id says more than a role's name does; of the roles the last to name a token counts.
    var tokens: [String: SpecialToken] = [:]
    for named in [settings.start, settings.end, settings.unknown, settings.padding] {
      guard let id = vocabulary.ids[named.content] ?? settings.added.first(where: { $0.content == named.content })?.id
      else {
        throw TokenizerError(path: path, problem: "the special token \"\(named.content)\" is not in the vocabulary")
      }
      tokens[named.content] = SpecialToken(content: named.content, id: id, normalised: named.normalised)
    }
    for token in vocabulary.added + settings.added {
      try vocabulary.add(token.content, id: Int(token.id), path: path)
      tokens[token.content] = token
    }
    func id(_ named: TokenizerSettings.Named) -> Int { tokens[named.content].map { Int($0.id) } ?? 0 }
    start = id(settings.start)
    end = id(settings.end)
    padding = id(settings.padding)
    vocabularySize = vocabulary.count
    var names = [String?](repeating: nil, count: vocabularySize)
    for (name, id) in vocabulary.ids { names[Int(id)] = name }
    pairs = BytePairs(
      names: names, ids: vocabulary.ids, merges: vocabulary.merges, unknown: Int32(id(settings.unknown)))
    let found = Array(tokens.values)
    exact = SpecialTokens(found, normalised: false)
    loose = SpecialTokens(found, normalised: true)
    special = Set(found.map { Int($0.id) })
  }

  /// The tokens of a text as it stands, without start, end and padding.
  public func tokens(_ text: String) -> [Token] { tokens(SourcedText(text), weight: 1) }

  func tokens(_ text: SourcedText, weight: Double) -> [Token] {
    var tokens: [Token] = []
    func add(_ id: Int32, _ scalars: ArraySlice<SourcedScalar>) {
      guard let first = scalars.first else { return }
      let lower = scalars.reduce(first.lower) { min($0, $1.lower) }
      let upper = scalars.reduce(first.upper) { max($0, $1.upper) }
      tokens.append(Token(id: Int(id), source: lower..<upper, weight: weight))
    }
    for stretch in exact.stretches(of: text) {
      switch stretch {
      case .special(let id, let scalars): add(id, scalars)
      case .text(let scalars):
        for stretch in loose.stretches(of: SourcedText(scalars).normalised) {
          switch stretch {
          case .special(let id, let scalars): add(id, scalars)
          case .text(let scalars): for word in WordSplitter(scalars) { split(word, add) }
          }
        }
      }
    }
    return tokens
  }

  private func split(_ word: ArraySlice<SourcedScalar>, _ add: (Int32, ArraySlice<SourcedScalar>) -> Void) {
    var bytes: [UInt8] = []
    // The scalar of each byte.
    var owners: [Int] = []
    for index in word.indices {
      for byte in UTF8.encode(word[index].scalar).map({ Array($0) }) ?? [] {
        bytes.append(byte)
        owners.append(index)
      }
    }
    var at = 0
    for part in cache.parts(of: bytes, otherwise: { pairs.parts(of: bytes) }) {
      let next = at + Int(part.bytes)
      add(part.id, word[owners[at]...owners[next - 1]])
      at = next
    }
  }

  /// The text that tokens spell, with a space after each word; special tokens are left out.
  public func text(_ ids: some Sequence<Int>) -> String {
    var bytes: [UInt8] = []
    for id in ids where !special.contains(id) && pairs.names.indices.contains(id) {
      guard var name = pairs.names[id] else { continue }
      let endsWord = name.hasSuffix(BytePairs.suffix)
      if endsWord { name.removeLast(BytePairs.suffix.count) }
      bytes += name.unicodeScalars.compactMap { ByteAlphabet.bytes[$0] }
      if endsWord { bytes.append(UInt8(ascii: " ")) }
    }
    if bytes.last == UInt8(ascii: " ") { bytes.removeLast() }
    return String(decoding: bytes, as: UTF8.self)
  }
}
