/// Tokens and merges as a file lists them.
struct Vocabulary: Sendable {
  /// The ids of the tokens.
  var ids: [String: Int32] = [:]
  /// What two neighbouring tokens become.
  var merges: [UInt64: BytePairs.Merge] = [:]
  /// The tokens that are found in a text before it is cut into words, as the file declares them.
  var added: [SpecialToken] = []

  /// One more than the greatest id.
  var count: Int { ids.values.max().map { Int($0) + 1 } ?? 0 }

  /// Adds the merge of this rank; the result must be a token already.
  mutating func merge(_ left: String, _ right: String, rank: Int, path: String) throws(TokenizerError) {
    guard let a = ids[left], let b = ids[right], let id = ids[left + right] else {
      let missing = [left, right, left + right].first { ids[$0] == nil } ?? left
      throw TokenizerError(
        path: path,
        problem: "merge \(rank + 1) joins \"\(left)\" and \"\(right)\", but \"\(missing)\" is not in the vocabulary; "
          + "the vocabulary and the merges are not of one tokenizer")
    }
    merges[BytePairs.key(a, b)] = BytePairs.Merge(rank: Int32(clamping: rank), id: id)
  }

  /// Adds a token under an id.
  mutating func add(_ token: String, id: Int, path: String) throws(TokenizerError) {
    // Beyond any table: a number like this is damage, and would be taken for the size of the table.
    guard (0..<1 << 24).contains(id) else {
      throw TokenizerError(path: path, problem: "token \"\(token)\" has the id \(id), which no encoder has")
    }
    if let known = ids.updateValue(Int32(id), forKey: token), known != id {
      throw TokenizerError(path: path, problem: "token \"\(token)\" has two ids, \(known) and \(id)")
    }
  }
}
