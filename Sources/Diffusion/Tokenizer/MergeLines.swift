/// The lines of `merges.txt` and of `bpe_simple_vocab_16e6.txt`: two tokens each, with a space between them.
struct MergeLines {
  var pairs: [(String, String)] = []

  /// Reads at most `limit` merges.
  init(_ bytes: [UInt8], path: String, limit: Int = .max) throws(TokenizerError) {
    pairs.reserveCapacity(min(limit, bytes.count / 6))
    var number = 0
    var start = 0
    while start < bytes.count, pairs.count < limit {
      let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
      var line = bytes[start..<end]
      if line.last == UInt8(ascii: "\r") { line.removeLast() }
      start = end + 1
      number += 1
      if line.isEmpty || number == 1 && Self.isHeader(line) { continue }
      guard let space = line.firstIndex(of: UInt8(ascii: " ")), space > line.startIndex, space + 1 < line.endIndex,
        !line[(space + 1)...].contains(UInt8(ascii: " "))
      else {
        throw TokenizerError(
          path: path,
          problem: "line \(number) should be two tokens with a space between them, and is \"\(Self.excerpt(line))\"")
      }
      pairs.append(
        (String(decoding: line[..<space], as: UTF8.self), String(decoding: line[(space + 1)...], as: UTF8.self)))
    }
    guard !pairs.isEmpty else { throw TokenizerError(path: path, problem: "the file has no merges") }
  }

  /// The first line may name the version: `#version: 0.2`, in the older file after its name.
  private static func isHeader(_ line: ArraySlice<UInt8>) -> Bool {
    String(decoding: line, as: UTF8.self).split(separator: " ").contains { $0.hasSuffix("#version:") }
  }

  private static func excerpt(_ line: ArraySlice<UInt8>) -> String {
    line.count <= 60 ? String(decoding: line, as: UTF8.self) : String(decoding: line.prefix(60), as: UTF8.self) + "…"
  }
}
