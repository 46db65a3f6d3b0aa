import Diffusion
import Foundation
import Testing

@Suite("Vocabularies that cannot be used")
struct TokenizerErrorTests {
  private static let special = #""<|startoftext|>": 3, "<|endoftext|>": 4"#
  private static let good = [
    "vocab.json": "{\"a\": 0, \"b</w>\": 1, \"ab</w>\": 2, \(special)}", "merges.txt": "a b</w>\n",
  ]

  @Test("The vocabulary that the others are damaged from is good")
  func undamaged() throws {
    let folder = try ScratchFolder(Self.good)
    #expect(try CLIPTokenizer(folder: folder.path).tokens("ab").map(\.id) == [2])
  }

  @Test(
    "Each kind of damage has its sentence",
    arguments: [
      (["vocab.json": nil], "the folder has no tokenizer.json and no vocab.json"),
      (["merges.txt": nil], "merges.txt: there is no such file"),
      (["vocab.json": "{"], "vocab.json: no JSON"),
      (["vocab.json": "[1]"], "vocab.json: the file should hold a JSON object, and holds an array"),
      (
        ["vocab.json": "{\"a\": \"x\", \(special)}"],
        "token \"a\" should have a whole number as its id, and has a string"
      ),
      (["vocab.json": "{\"a\": -1, \(special)}"], "token \"a\" has the id -1, which no encoder has"),
      (["vocab.json": "{\"a\": 99999999999, \(special)}"], "token \"a\" has the id 99999999999"),
      (["vocab.json": "{\"a\": 0, \"a\": 1, \(special)}"], "token \"a\" has two ids, 0 and 1"),
      (
        ["vocab.json": "{\"a\": 0, \(special)}"],
        "merge 1 joins \"a\" and \"b</w>\", but \"b</w>\" is not in the vocabulary"
      ),
      (
        ["vocab.json": #"{"a": 0, "b</w>": 1, "ab</w>": 2, "<|endoftext|>": 4}"#],
        "the special token \"<|startoftext|>\" is not in the vocabulary"
      ),
      (["merges.txt": "#version: 0.2\n"], "merges.txt: the file has no merges"),
      (["merges.txt": "#version: 0.2\na b</w>\na  b\n"], "line 3 should be two tokens with a space between them"),
      (["merges.txt": "ab</w>\n"], "line 1 should be two tokens with a space between them, and is \"ab</w>\""),
      (["tokenizer.json": #"{"model": {"type": "WordPiece"}}"#], "tokenizer.json: no CLIP tokenizer"),
      (
        [
          "tokenizer.json":
            #"{"model": {"type": "BPE", "end_of_word_suffix": "</w>", "vocab": {"a": 0}, "merges": ["a"]}}"#
        ],
        "tokenizer.json: merge 1 should be two tokens"
      ),
      (["tokenizer_config.json": #"{"pad_token": "!"}"#], "the special token \"!\" is not in the vocabulary"),
      (["tokenizer_config.json": #"{"pad_token": 3}"#], "\"pad_token\" should be a token's text, and is a number"),
      (["tokenizer_config.json": #"{"added_tokens_decoder": {"x": {"content": "q"}}}"#], "an added token lacks its id"),
      (
        ["tokenizer_config.json": #"{"added_tokens_decoder": {"9": {"content": "q", "single_word": true}}}"#],
        "the added token \"q\" is \"single_word\""
      ),
      (["added_tokens.json": #"{"q": "x"}"#], "added_tokens.json: token \"q\" should have a whole number as its id"),
      (["added_tokens.json": #"{"a": 9}"#], "token \"a\" has two ids, 0 and 9"),
    ] as [([String: String?], String)])
  func damage(_ changes: [String: String?], _ sentence: String) throws {
    var files = Self.good
    for (name, text) in changes { files[name] = text }
    let folder = try ScratchFolder(files)
    let error = #expect(throws: TokenizerError.self) { try CLIPTokenizer(folder: folder.path) }
    #expect(error?.description.contains(sentence) == true, "\(error?.description ?? "")")
    #expect(error?.description.hasPrefix(folder.path) == true)
  }

  @Test("A file that is no text")
  func bytes() throws {
    let folder = try ScratchFolder()
    let path = "\(folder.path)/bpe.txt"
    try Data([0x61, 0x20, 0xFF, 0x0A]).write(to: URL(filePath: path))
    let error = #expect(throws: TokenizerError.self) { try CLIPTokenizer(bpe: path) }
    #expect(error == TokenizerError(path: path, problem: "the file is not text in UTF-8"))
  }

  @Test("CLIP's vocabulary lies where the environment says, and its absence names the script")
  func standard() throws {
    func path(_ environment: [String: String]) -> String? { CLIPTokenizer.standardVocabularyPath { environment[$0] } }
    #expect(path([:]) == nil)
    #expect(path(["HOME": "/home/k"]) == "/home/k/.cache/troupe/clip/bpe_simple_vocab_16e6.txt")
    #expect(path(["HOME": "/home/k", "XDG_CACHE_HOME": ""]) == "/home/k/.cache/troupe/clip/bpe_simple_vocab_16e6.txt")
    #expect(path(["HOME": "/home/k", "XDG_CACHE_HOME": "/c"]) == "/c/troupe/clip/bpe_simple_vocab_16e6.txt")
    #expect(path(["HOME": "/home/k", "TROUPE_VOCABULARY": "/v.txt"]) == "/v.txt")
    for environment in [[:], ["HOME": "/nowhere"]] {
      let error = #expect(throws: TokenizerError.self) { try CLIPTokenizer.standard { environment[$0] } }
      #expect(error?.description.contains("run scripts/fetch-vocabulary") == true)
    }
    let folder = try ScratchFolder(["v.txt": "a b</w>\n"])
    let tokenizer = try CLIPTokenizer.standard(padding: .exclamationMark) { _ in "\(folder.path)/v.txt" }
    #expect(tokenizer.vocabularySize == 515 && tokenizer.padding == 0)
    #expect(tokenizer.tokens("ab").map(\.id) == [512])
  }
}
