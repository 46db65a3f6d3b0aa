import Diffusion
import Testing

@Suite("Chunks of tokens")
struct TokenizerChunkTests {
  private let tokenizer: CLIPTokenizer
  private let cat: Int

  init() throws {
    tokenizer = try TokenizerFixture.tiny("tiny_pad")
    cat = try #require(tokenizer.tokens("cat").first).id
  }

  private func cats(_ count: Int) -> String { Array(repeating: "cat", count: count).joined(separator: " ") }

  @Test("A short text: start, text, end, padding; 77 of them")
  func short() throws {
    let chunks = tokenizer.chunks(Prompt(plain: "cat cat")).chunks
    #expect(chunks.count == 1)
    #expect(chunks[0].tokens == [672, cat, cat, 673] + Array(repeating: 0, count: 73))
    #expect(chunks[0].weights == Array(repeating: 1, count: 77))
    #expect(chunks[0].content == 1..<3)
    let empty = tokenizer.chunks(Prompt(plain: ""))
    #expect(empty.chunks.map(\.tokens) == [[672, 673] + Array(repeating: 0, count: 75)])
    #expect(empty.chunks[0].content == 1..<1 && empty.dropped == 0)
  }

  @Test("Long texts go on in further chunks", arguments: [(74, 1), (75, 1), (76, 2), (150, 2), (151, 3)])
  func long(_ count: Int, _ expected: Int) {
    let chunks = tokenizer.chunks(Prompt(plain: cats(count)))
    #expect(chunks.chunks.count == expected && chunks.dropped == 0)
    #expect(chunks.chunks.allSatisfy { $0.tokens.count == 77 && $0.weights.count == 77 && $0.tokens[0] == 672 })
    #expect(chunks.chunks.allSatisfy { $0.tokens[$0.content.upperBound] == 673 })
    #expect(chunks.chunks.reduce(0) { $0 + $1.content.count } == count)
  }

  @Test("A limit drops what is too much, and says how much")
  func truncation() {
    let chunks = tokenizer.chunks(Prompt(plain: cats(100)), limit: 1)
    #expect(chunks.chunks.map(\.tokens) == [[672] + Array(repeating: cat, count: 75) + [673]])
    #expect(chunks.dropped == 25)
    #expect(tokenizer.chunks(Prompt(plain: cats(100)), limit: 2).dropped == 0)
    #expect(tokenizer.chunks(Prompt(plain: cats(10)), length: 6, limit: 2).dropped == 2)
    #expect(tokenizer.chunks(Prompt(weighted: "cat BREAK cat cat"), limit: 1).dropped == 2)
  }

  @Test(
    "A break ends a chunk, an empty one too; the end of the prompt begins none",
    arguments: [
      ("cat BREAK cat", [1, 1]), ("cat BREAK", [1]), ("BREAK cat", [0, 1]), ("cat BREAK BREAK cat cat", [1, 0, 2]),
      ("BREAK", [0]),
    ])
  func breaks(_ text: String, _ expected: [Int]) {
    #expect(tokenizer.chunks(Prompt(weighted: text)).chunks.map(\.content.count) == expected)
  }

  @Test("Weights stand at their tokens")
  func weights() {
    let chunk = tokenizer.chunks(Prompt(weighted: "cat (cat cat:1.5) [cat:x] (cat:0)"), length: 20).chunks[0]
    let weights = zip(chunk.tokens, chunk.weights).filter { $0.0 == cat }.map { $0.1 }
    #expect(weights == [1, 1.5, 1.5, 1 / 1.1, 0])
    #expect(chunk.weights[0] == 1 && chunk.weights[chunk.content.upperBound...].allSatisfy { $0 == 1 })
  }

  @Test("Empty chunks after the text make two prompts of one length")
  func extended() {
    let chunks = tokenizer.chunks(Prompt(plain: "cat")).extended(to: 3)
    #expect(chunks.chunks.count == 3)
    #expect(chunks.chunks[2] == tokenizer.chunks(Prompt(plain: "")).chunks[0])
    #expect(chunks.extended(to: 2) == chunks)
    #expect(chunks != tokenizer.chunks(Prompt(plain: "cat")))
  }

  @Test("A trigger word's tokens are found in every chunk, and not where truncation dropped them")
  func positions() {
    typealias Position = TokenChunks.Position
    let prompt = Prompt(weighted: "dog, (konrad zzy:1.2) \(cats(75)) Konrad ZZY")
    let source = tokenizer.chunks(prompt)
    let positions = tokenizer.positions(of: "konrad zzy", in: prompt)
    #expect(positions.count == 2)
    let wanted = tokenizer.tokens("konrad zzy").map(\.id)
    for found in positions { #expect(found.map { source.chunks[$0.chunk].tokens[$0.position] } == wanted) }
    #expect(positions[0].first == Position(chunk: 0, position: tokenizer.tokens("dog,").count + 1))
    #expect(positions[1].allSatisfy { $0.chunk == 1 })
    #expect(tokenizer.positions(of: "konrad zzy", in: prompt, limit: 1).map(\.isEmpty) == [false, true])
    #expect(tokenizer.positions(of: "lisar", in: prompt).isEmpty)
    #expect(source.positions(of: 0..<3).map(\.position) == Array(1...tokenizer.tokens("dog").count))
  }
}
