import Diffusion
import Images
import Testing
import Torch

/// Whole pictures against diffusers' pipelines.
@Suite("Text to image", .serialized) struct PipelineTests {
  /// Rounding of six steps through another libtorch: a sample next to a half may fall to the other side.
  static let tolerance = 2

  @Test func allCasesAreThere() { #expect(PipelineFixture.cases.count == 6) }

  @Test(arguments: PipelineFixture.cases) func picturesAreDiffusers(_ wanted: PipelineFixture.Case) throws {
    let model = try PipelineFixture.model(wanted.family)
    let drawing = TextToImage(model)
    let first = try drawing.firstLatents(wanted.request)
    // The noise itself is the same bits; its scale is rounded once.
    #expect(try relativeDifference(first, PipelineFixture.tensor("\(wanted.name).first")) < 1e-6)
    let adapters = try wanted.adapters(model)
    let last = try drawing.latents(wanted.request, adapters: adapters)
    // F32 has seven digits; six guided steps through random networks lose two or three.
    #expect(try relativeDifference(last, PipelineFixture.tensor("\(wanted.name).last")) < 1e-4)
    let pictures = try drawing(wanted.request, adapters: adapters)
    #expect(pictures.count == 1)
    #expect(try PipelineFixture.difference(pictures[0], PipelineFixture.picture(wanted.name)) <= Self.tolerance)
  }

  /// Each picture of a batch is the one that its seed gives alone, with a sampler that draws on the way too.
  @Test func batchesAreTheirPictures() throws {
    let drawing = TextToImage(try PipelineFixture.model("sdxl"))
    var request = PictureRequest(prompt: "konrad", seeds: [3, 9], width: 32, height: 16)
    request.steps = 3
    let both = try drawing(request)
    #expect(both.count == 2)
    for (index, seed) in [UInt64(3), 9].enumerated() {
      request.seeds = [seed]
      #expect(PipelineFixture.difference(both[index], try drawing(request)[0]) <= Self.tolerance)
    }
    #expect(PipelineFixture.difference(both[0], both[1]) > 20)
  }

  /// An adapter switched on and off again leaves the model as it was.
  @Test func adaptersLeaveNothingBehind() throws {
    let model = try PipelineFixture.model("sd1")
    let drawing = TextToImage(model)
    var request = PictureRequest(prompt: "konrad", seeds: [3], width: 32, height: 32)
    request.steps = 2
    let before = try drawing(request)
    let changed = try drawing(request, adapters: PipelineFixture.adapters("sd1", model, 1))
    #expect(PipelineFixture.difference(before[0], changed[0]) > 20)
    #expect(try drawing(request) == before)
  }

  @Test func throwingEndsTheRun() throws {
    struct Enough: Error {}
    let drawing = TextToImage(try PipelineFixture.model("sd1"))
    let request = PictureRequest(prompt: "konrad", seeds: [3], width: 32, height: 32)
    var steps: [Int] = []
    #expect(throws: Enough.self) {
      try drawing(request) { progress in
        #expect(progress.total == 25)
        steps.append(progress.done)
        if progress.done == 3 { throw Enough() }
      }
    }
    #expect(steps == [1, 2, 3])
  }

  /// 150 tokens and more are encoded piece by piece, 75 each between start and end, and laid one after another; the
  /// negative prompt's pieces after the first are empty.
  @Test func longPromptsAreTheirPieces() throws {
    let model = try PipelineFixture.model("sd1")
    let words = Array(repeating: "konrad with red hair", count: 30).joined(separator: ", ")
    var request = PictureRequest(prompt: words, seeds: [3], width: 16, height: 16)
    request.negative = "blurry"
    request.steps = 2
    request.sampler = .euler

    let (start, end) = (672, 673)
    func pieces(_ text: String) throws -> [[Int]] {
      let chunks = model.tokenizers.first.chunks(Prompt(plain: text), length: 10_000).chunks
      #expect(chunks.count == 1)
      let tokens = try #require(chunks.first).tokens.dropFirst().prefix { $0 != end }
      return stride(from: tokens.startIndex, to: tokens.endIndex, by: 75).map { first in
        let piece = Array(tokens[first..<min(first + 75, tokens.endIndex)])
        return [start] + piece + Array(repeating: end, count: 76 - piece.count)
      }
    }
    let prompt = try pieces(words)
    #expect(prompt.count > 2)
    let negative =
      try pieces("blurry") + Array(repeating: [start] + Array(repeating: end, count: 76), count: prompt.count - 1)
    func context(_ pieces: [[Int]]) throws -> Tensor {
      try Tensor.concatenated(
        pieces.map {
          try model.textEncoder1.hiddenState(Tensor($0.map(Int64.init), shape: [1, 77]), fromEnd: 1, normed: true)
        },
        1)
    }
    let (positive, other) = try (context(prompt), context(negative))
    let sampler = try SamplerName.euler.sampler(steps: 2, schedule: .normal, for: model.configuration.schedule)
    let noise = try NoiseSource(seeds: [3])
    let expected = try sampler.run(
      from: sampler.start([4, 8, 8], noise: noise), noise: noise,
      model: { input, step in
        let times = try Tensor([Float(step.time)])
        let without = try model.unet(input, times: times, context: other)
        return try without + (model.unet(input, times: times, context: positive) - without) * 6
      })
    // The same network on the same numbers; batches are rounded in another order.
    #expect(try relativeDifference(TextToImage(model).latents(request), expected) < 1e-4)
  }

  /// The tail of a text longer than one piece still counts, and its negative prompt is padded to as many pieces.
  @Test(arguments: ["sd1", "sdxl"]) func longPromptsGoOn(family: String) throws {
    let drawing = TextToImage(try PipelineFixture.model(family))
    let long = Array(repeating: "konrad with red hair", count: 30).joined(separator: ", ")
    var request = PictureRequest(prompt: long, seeds: [3], width: 32, height: 32)
    request.negative = "blurry"
    request.steps = 2
    let picture = try drawing(request)[0]
    request.prompt = long + ", smiling"
    #expect(PipelineFixture.difference(picture, try drawing(request)[0]) > 2)
    // `BREAK` begins a new piece.
    request.prompt = "a BREAK b"
    let broken = try drawing(request)[0]
    request.prompt = "a b"
    #expect(PipelineFixture.difference(broken, try drawing(request)[0]) > 2)
    // Plain prompts know no BREAK: another text.
    request.prompt = "a BREAK b"
    request.isWeighted = false
    #expect(PipelineFixture.difference(broken, try drawing(request)[0]) > 2)
  }

  @Test func badRequestsAreOneSentence() throws {
    let model = try PipelineFixture.model("sd1")
    let drawing = TextToImage(model)
    var request = PictureRequest(prompt: "a", seeds: [1], width: 33, height: 32)
    #expect(CheckpointFixture.message { _ = try drawing(request) }.contains("width 33 is no multiple of 2"))
    request.width = 0
    #expect(CheckpointFixture.message { _ = try drawing(request) }.contains("the nearest is 2"))
    request.width = 32
    request.layer = 9
    #expect(CheckpointFixture.message { _ = try drawing(request) }.contains("clip skip 9"))
    request.layer = nil
    request.steps = 0
    #expect(CheckpointFixture.message { _ = try drawing(request) }.contains("from 1 to 1000"))
  }
}
