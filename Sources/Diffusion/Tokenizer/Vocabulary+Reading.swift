import SafeTensors

extension Vocabulary {
  /// Reads `vocab.json` and `merges.txt`.
  init(vocabulary path: String, merges mergesPath: String) throws(TokenizerError) {
    guard let members = try JSONFile.object(path)?.members else {
      throw TokenizerError(path: path, problem: "there is no such file")
    }
    guard let bytes = try JSONFile.contents(mergesPath) else {
      throw TokenizerError(path: mergesPath, problem: "there is no such file, and \(path) means nothing without it")
    }
    try addTokens(members, path)
    try addMerges(MergeLines(bytes, path: mergesPath).pairs, mergesPath)
  }

  /// Reads `tokenizer.json`.
  init(tokenizer path: String) throws(TokenizerError) {
    guard let document = try JSONFile.object(path) else {
      throw TokenizerError(path: path, problem: "there is no such file")
    }
    guard let model = document["model"], let members = model["vocab"]?.members, let merges = model["merges"]?.elements,
      model["type"]?.string ?? "BPE" == "BPE", model["end_of_word_suffix"]?.string == BytePairs.suffix
    else {
      throw TokenizerError(
        path: path, problem: "no CLIP tokenizer: \"model\" should be of type BPE with the end_of_word_suffix </w>")
    }
    try addTokens(members, path)
    var pairs: [(String, String)] = []
    pairs.reserveCapacity(merges.count)
    for (index, merge) in merges.enumerated() {
      // Older files write both tokens as one string, newer ones as a list.
      let tokens: [String] =
        switch merge {
        case .string(let text): text.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
        case .array(let elements): elements.compactMap(\.string)
        default: []
        }
      guard tokens.count == 2, !tokens.contains(where: \.isEmpty) else {
        throw TokenizerError(path: path, problem: "merge \(index + 1) should be two tokens")
      }
      pairs.append((tokens[0], tokens[1]))
    }
    try addMerges(pairs, path)
    for value in document["added_tokens"]?.elements ?? [] {
      let token = try TokenizerSettings.added(value, id: value["id"]?.int, path)
      added.append(token)
      try add(token.content, id: Int(token.id), path: path)
    }
  }

  /// Reads `bpe_simple_vocab_16e6.txt`, whose ids follow from the order of its merges.
  ///
  /// The file lists five times the merges that CLIP has; only the first 48,894 count. A shorter list makes a smaller
  /// vocabulary.
  init(bpe path: String) throws(TokenizerError) {
    guard let bytes = try JSONFile.contents(path) else {
      throw TokenizerError(path: path, problem: "there is no such file; scripts/fetch-vocabulary puts CLIP's in place")
    }
    let pairs = try MergeLines(bytes, path: path, limit: 49408 - 2 * 256 - 2).pairs
    ids.reserveCapacity(pairs.count + 514)
    for (index, byte) in ByteAlphabet.order.enumerated() {
      let scalar = String(ByteAlphabet.scalars[Int(byte)])
      ids[scalar] = Int32(index)
      ids[scalar + BytePairs.suffix] = Int32(256 + index)
    }
    for (index, pair) in pairs.enumerated() { try add(pair.0 + pair.1, id: 512 + index, path: path) }
    for name in ["<|startoftext|>", "<|endoftext|>"] { try add(name, id: ids.count, path: path) }
    try addMerges(pairs, path)
  }

  private mutating func addTokens(_ members: [JSONValue.Member], _ path: String) throws(TokenizerError) {
    ids.reserveCapacity(members.count)
    for member in members {
      guard let id = member.value.int else {
        throw TokenizerError(
          path: path,
          problem: "token \"\(member.name)\" should have a whole number as its id, and has \(member.value.kind)")
      }
      try add(member.name, id: id, path: path)
    }
  }

  private mutating func addMerges(_ pairs: [(String, String)], _ path: String) throws(TokenizerError) {
    merges.reserveCapacity(pairs.count)
    for (rank, pair) in pairs.enumerated() { try merge(pair.0, pair.1, rank: rank, path: path) }
  }
}
