import Diffusion
import Foundation
import Testing

/// What transformers made of the corpus: written by scripts/oracles/make_tokenizer_fixture.py.
enum TokenizerFixture {
  struct Corpus: Decodable {
    var texts: [String]
    var clip: [[Int]]
    var clip_pad: [[Int]]
    var tiny: [[Int]]
    var tiny_pad: [[Int]]
    var offsets: [[[Int]]]
  }

  struct Scalars: Decodable {
    var letters: [[Int]]
    var numbers: [[Int]]
    var spaces: [[Int]]
    var marks: [[Int]]
    var lower: [[String]]
    var composed: [[String]]
  }

  static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "Fixtures/tokenizer").path

  static func corpus() throws -> Corpus { try decoded("corpus.json") }
  static func scalars() throws -> Scalars { try decoded("scalars.json") }
  static func tiny(_ name: String = "tiny") throws -> CLIPTokenizer { try CLIPTokenizer(folder: "\(folder)/\(name)") }

  private static func decoded<Value: Decodable>(_ name: String) throws -> Value {
    try JSONDecoder().decode(Value.self, from: Data(contentsOf: URL(filePath: "\(folder)/\(name)")))
  }

  /// CLIP's own vocabulary, where this machine has it.
  static let vocabulary: String? = CLIPTokenizer.standardVocabularyPath { ProcessInfo.processInfo.environment[$0] }
    .flatMap { FileManager.default.fileExists(atPath: $0) ? $0 : nil }

  /// Compares every text of the corpus, exactly.
  static func compare(_ tokenizer: CLIPTokenizer, with expected: [[Int]], _ texts: [String]) {
    #expect(texts.count == expected.count && texts.count > 400)
    for (text, ids) in zip(texts, expected) {
      #expect(tokenizer.tokens(text).map(\.id) == ids, "\(text.unicodeScalars.map { String($0.value, radix: 16) })")
    }
  }
}

/// A folder that goes when the test ends.
struct ScratchFolder: ~Copyable {
  let path = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString).path

  init(_ files: [String: String] = [:]) throws {
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    for (name, text) in files { try Data(text.utf8).write(to: URL(filePath: "\(path)/\(name)")) }
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }
}
