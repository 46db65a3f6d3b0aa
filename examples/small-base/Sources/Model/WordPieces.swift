import SafeTensors

/// A vocabulary in CLIP's form: every word of the captions is one token, any other is spelled from shorter pieces.
struct WordPieces: Sendable {
  /// All tokens by id: bytes, bytes that end a word, merged pieces, start and end of a text.
  let tokens: [String]
  /// Which neighbours are merged, the first first.
  let merges: [(String, String)]

  /// The vocabulary of the dolls' captions and of a few words beside them.
  static let standard = WordPieces(words: Set(Doll.allTags.flatMap(Self.words) + others))

  private static let others = [
    "a", "the", "of", "with", "and", "person", "character", "man", "woman", "simple", "hat", "eyes", "smile", "jumping",
    "running", "climbing", "falling", "robot", "zombie", "orange", "upper", "solo", "multiple",
  ]

  /// The words of a text as CLIP cuts it: digits stand alone.
  static func words(_ text: String) -> [String] {
    text.split(separator: " ").flatMap { word in
      [String(word.prefix { $0.isNumber }), String(word.drop { $0.isNumber })].filter { !$0.isEmpty }
    }
  }

  /// Joins the pair of neighbours that most words have, until every word is one piece.
  init(words: Set<String>) {
    var split = words.sorted().map { word -> [String] in
      var letters = word.map(String.init)
      letters[letters.count - 1] += "</w>"
      return letters
    }
    var merges: [(String, String)] = []
    while true {
      var counts: [[String]: Int] = [:]
      for pieces in split where pieces.count > 1 {
        for (left, right) in zip(pieces, pieces.dropFirst()) { counts[[left, right], default: 0] += 1 }
      }
      // Of equals the first in the alphabet, so that the vocabulary is the same on every machine.
      let best = counts.max { ($0.value, $1.key.joined(separator: " ")) < ($1.value, $0.key.joined(separator: " ")) }
      guard let pair = best?.key else { break }
      merges.append((pair[0], pair[1]))
      split = split.map { Self.joined($0, pair[0], pair[1]) }
    }
    self.merges = merges
    let letters = Self.byteLetters
    tokens =
      letters + letters.map { "\($0)</w>" } + merges.map { $0.0 + $0.1 } + ["<|startoftext|>", "<|endoftext|>"]
  }

  private static func joined(_ pieces: [String], _ left: String, _ right: String) -> [String] {
    var result: [String] = []
    for piece in pieces {
      if piece == right, result.last == left { result[result.count - 1] += right } else { result.append(piece) }
    }
    return result
  }

  /// The letters that stand for bytes in byte-level vocabularies: printable ones of Latin-1 for themselves, then others.
  private static var byteLetters: [String] {
    let printable = Array(0x21...0x7E) + Array(0xA1...0xAC) + Array(0xAE...0xFF) as [UInt32]
    let others = (0..<UInt32(256 - printable.count)).map { 0x100 + $0 }
    return (printable + others).compactMap(Unicode.Scalar.init).map { String($0) }
  }

  /// Writes `vocab.json`, `merges.txt` and `tokenizer_config.json`.
  func write(to folder: String) throws {
    try WholeFile.makeFolder(folder)
    let members = tokens.enumerated().map { JSONValue.Member(name: $1, value: .whole($0)) }
    try WholeFile.write(Array("\(JSONValue.object(members).text)\n".utf8), to: "\(folder)/vocab.json")
    let lines = ["#version: 0.2"] + merges.map { "\($0.0) \($0.1)" }
    try WholeFile.write(Array((lines.joined(separator: "\n") + "\n").utf8), to: "\(folder)/merges.txt")
    let settings: JSONValue = .object([
      "tokenizer_class": .string("CLIPTokenizer"), "model_max_length": .whole(77), "do_lower_case": .bool(true),
      "bos_token": .string("<|startoftext|>"), "eos_token": .string("<|endoftext|>"),
      "unk_token": .string("<|endoftext|>"), "pad_token": .string("<|endoftext|>"),
    ])
    try WholeFile.write(Array("\(settings.text)\n".utf8), to: "\(folder)/tokenizer_config.json")
  }
}
