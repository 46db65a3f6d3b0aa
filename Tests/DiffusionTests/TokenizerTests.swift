import Foundation
import Testing

@testable import Diffusion

@Suite("CLIP's tokenizer")
struct TokenizerTests {
  @Test("A small vocabulary: every id of the corpus is transformers'", arguments: ["tiny", "tiny_pad"])
  func small(_ name: String) throws {
    let corpus = try TokenizerFixture.corpus()
    let tokenizer = try TokenizerFixture.tiny(name)
    TokenizerFixture.compare(tokenizer, with: name == "tiny" ? corpus.tiny : corpus.tiny_pad, corpus.texts)
    #expect(tokenizer.vocabularySize == 512 + 160 + 2)
    #expect(tokenizer.start == 672 && tokenizer.end == 673)
    #expect(tokenizer.padding == (name == "tiny" ? 673 : 0))
  }

  @Test(
    "CLIP's vocabulary: every id of the corpus is transformers'",
    .enabled(if: TokenizerFixture.vocabulary != nil, "CLIP's vocabulary is missing; run scripts/fetch-vocabulary"),
    arguments: [CLIPTokenizer.Padding.end, .exclamationMark])
  func full(_ padding: CLIPTokenizer.Padding) throws {
    let corpus = try TokenizerFixture.corpus()
    let tokenizer = try CLIPTokenizer(bpe: #require(TokenizerFixture.vocabulary), padding: padding)
    TokenizerFixture.compare(tokenizer, with: padding == .end ? corpus.clip : corpus.clip_pad, corpus.texts)
    #expect(tokenizer.vocabularySize == 49408)
    #expect(tokenizer.start == 49406 && tokenizer.end == 49407)
    #expect(tokenizer.padding == (padding == .end ? 49407 : 0))
  }

  @Test(
    "Tokens know the scalars they stand for, as transformers' offsets do",
    .enabled(if: TokenizerFixture.vocabulary != nil, "CLIP's vocabulary is missing; run scripts/fetch-vocabulary"))
  func offsets() throws {
    let corpus = try TokenizerFixture.corpus()
    let tokenizer = try CLIPTokenizer(bpe: #require(TokenizerFixture.vocabulary))
    var (exact, composed, reordered) = (0, 0, 0)
    for (text, expected) in zip(corpus.texts, corpus.offsets) {
      let places = text.unicodeScalars.reduce(into: [0]) { $0.append($0[$0.count - 1] + UTF8.width($1)) }
      let sources = tokenizer.tokens(text).map(\.source)
      let reference = expected.map { places[$0[0]]..<places[$0[1]] }
      try #require(sources.count == reference.count)
      let scalars = SourcedText(text).scalars
      let normal = CanonicalComposition.composed(scalars)
      if zip(normal, normal.dropFirst()).contains(where: { $0.lower > $1.lower || $0.upper > $1.upper }) {
        // Marks that change places take their source along; the reference leaves the sources in their order.
        reordered += 1
      } else if normal.count == scalars.count {
        #expect(sources == reference, "\(text)")
        exact += sources.count
      } else {
        // Of scalars that compose to one the reference names the first alone, and a token of ours all of them.
        #expect(
          zip(sources, reference).allSatisfy { $0.lowerBound <= $1.lowerBound && $0.upperBound >= $1.upperBound },
          "\(text)")
        composed += sources.count
      }
    }
    #expect(exact > 9000 && composed > 100 && reordered < 10, "\(exact) \(composed) \(reordered)")
  }

  @Test("The three forms of a vocabulary are one tokenizer, and a folder's newest form counts")
  func forms() throws {
    let corpus = try TokenizerFixture.corpus()
    let vocabulary = try String(contentsOfFile: "\(TokenizerFixture.folder)/tiny/vocab.json", encoding: .utf8)
    let merges = try String(contentsOfFile: "\(TokenizerFixture.folder)/tiny/merges.txt", encoding: .utf8)
    let lines = merges.split(separator: "\n").dropFirst().map(String.init)
    func whole(_ merges: [Any]) throws -> String {
      let ids = try JSONSerialization.jsonObject(with: Data(vocabulary.utf8))
      let document: [String: Any] = [
        "model": ["type": "BPE", "end_of_word_suffix": "</w>", "vocab": ids, "merges": merges],
        "added_tokens": [["id": 673, "content": "<|endoftext|>", "normalized": false, "special": true]],
      ]
      return String(decoding: try JSONSerialization.data(withJSONObject: document), as: UTF8.self)
    }
    let simple = try ScratchFolder(["bpe.txt": merges.replacing("#version", with: "\"bpe#version")])
    let pairs = try ScratchFolder(["tokenizer.json": whole(lines.map { $0.split(separator: " ").map(String.init) })])
    let strings = try ScratchFolder(["tokenizer.json": whole(lines), "vocab.json": "damaged, but not read"])
    for tokenizer in try [
      CLIPTokenizer(bpe: "\(simple.path)/bpe.txt"), CLIPTokenizer(folder: pairs.path),
      CLIPTokenizer(folder: strings.path),
    ] { TokenizerFixture.compare(tokenizer, with: corpus.tiny, corpus.texts) }
  }

  @Test("The older file of special tokens overrules the configuration; added tokens are found as they stand")
  func settings() throws {
    func tokenizer(_ files: [String: String]) throws -> CLIPTokenizer {
      var files = files
      for name in ["vocab.json", "merges.txt"] {
        files[name] = try String(contentsOfFile: "\(TokenizerFixture.folder)/tiny/\(name)", encoding: .utf8)
      }
      let folder = try ScratchFolder(files)
      return try CLIPTokenizer(folder: folder.path)
    }
    #expect(try tokenizer([:]).padding == 673)
    #expect(try tokenizer(["special_tokens_map.json": #"{"pad_token": {"content": "!"}}"#]).padding == 0)
    let both = try tokenizer([
      "tokenizer_config.json": #"{"pad_token": "!"}"#, "special_tokens_map.json": #"{"pad_token": "<|endoftext|>"}"#,
    ])
    #expect(both.padding == 673)
    let added = try tokenizer(["added_tokens.json": #"{"<Konrad>": 674, "<Konrad> II": 675}"#])
    #expect(added.vocabularySize == 676)
    #expect(added.tokens("the <KONRAD>!").map(\.id).contains(674))
    #expect(added.tokens("<konrad>  ii").map(\.id) == [675])
    #expect(added.tokens("<konrad>").map(\.source) == [0..<8])
  }

  @Test("A byte that the vocabulary lacks is the unknown token")
  func unknown() throws {
    let folder = try ScratchFolder([
      "vocab.json": #"{"a": 0, "a</w>": 1, "aa</w>": 2, "<|startoftext|>": 3, "<|endoftext|>": 4}"#,
      "merges.txt": "a a</w>\n",
    ])
    let tokenizer = try CLIPTokenizer(folder: folder.path)
    #expect(tokenizer.tokens("aa ab é aaa").map(\.id) == [2, 0, 4, 4, 4, 0, 2])
    #expect(tokenizer.text([3, 2, 0, 2, 4, 99, -1]) == "aa aaa")
  }

  @Test("Tokens spell their words again")
  func spelling() throws {
    let tokenizer = try TokenizerFixture.tiny()
    let text = "konrad , gr\u{F6}\u{DF}e \u{1F600} 世界 1 2 's"
    #expect(tokenizer.text(tokenizer.tokens(text).map(\.id)) == text)
  }

  @Test("A word of a hundred thousand letters is no trouble")
  func long() throws {
    let tokenizer = try TokenizerFixture.tiny()
    let tokens = tokenizer.tokens(String(repeating: "photo", count: 20000))
    #expect(tokens.first?.source.lowerBound == 0 && tokens.last?.source.upperBound == 100_000)
    #expect(zip(tokens, tokens.dropFirst()).allSatisfy { $0.source.upperBound == $1.source.lowerBound })
  }

  @Test("More words than the cache holds, from several threads")
  func cache() async throws {
    let tokenizer = try TokenizerFixture.tiny()
    let words = (0..<40000).map { index in
      String(
        decoding: [index >> 12 & 15, index >> 8 & 15, index >> 4 & 15, index & 15].map { 97 + UInt8($0) }, as: UTF8.self
      )
    }
    let alone = words.prefix(50).map { tokenizer.tokens($0).map(\.id) }
    await withTaskGroup(of: Void.self) { group in
      for part in 0..<4 {
        group.addTask { for word in words.dropFirst(part * 100) { _ = tokenizer.tokens(word) } }
      }
    }
    #expect(words.prefix(50).map { tokenizer.tokens($0).map(\.id) } == alone)
  }
}
