import Diffusion
import Testing
import Torch

@Suite("Text conditioning", .serialized) struct ConditioningTests {
  let file: FixtureParameters
  let facts: TextVAEFixtures.Facts

  init() throws {
    file = try TextVAEFixtures.file("conditioning")
    facts = try TextVAEFixtures.facts()
  }

  func prompt(_ name: String) throws -> [[[Int]]] { [try #require(facts.prompts[name])] }

  func sdxl(layer: Int? = nil) throws -> TextConditioning {
    try TextConditioning(TextVAEFixtures.encoder("l"), TextVAEFixtures.encoder("g"), layer: layer)
  }

  /// diffusers numbers skipped layers from 0, UIs and trainers from 1.
  @Test(arguments: [0, 1, 2]) func sd1IsDiffusers(skip: Int) throws {
    let conditioning = try TextConditioning(TextVAEFixtures.encoder("l"), layer: skip == 0 ? nil : skip + 1)
    let found = try conditioning(prompt("short"))
    #expect(try largestDifference(found.context, file.tensor("sd1.skip\(skip)")) < CLIPTests.tolerance)
    #expect(found.pooled == nil)
  }

  @Test func sd2IsDiffusers() throws {
    let conditioning = try TextConditioning(TextVAEFixtures.encoder("h"))
    let batch = try conditioning(prompt("short") + prompt("empty"))
    let truth = try Tensor.concatenated([file.tensor("sd2.positive"), file.tensor("sd2.negative")])
    #expect(try largestDifference(batch.context, truth) < CLIPTests.tolerance)
  }

  @Test(arguments: [0, 1]) func sdxlIsDiffusers(skip: Int) throws {
    let found = try sdxl(layer: skip == 0 ? nil : skip + 2)(
      prompt("short"), secondIDs: prompt("short").map(TextVAEFixtures.otherPadding))
    #expect(try largestDifference(found.context, file.tensor("sdxl.skip\(skip).context")) < CLIPTests.tolerance)
    let pooled = try #require(found.pooled)
    #expect(try largestDifference(pooled, file.tensor("sdxl.skip\(skip).pooled")) < CLIPTests.tolerance)
    // The oracle has checked that diffusers gives zeros here.
    let zeros = try found.zeros()
    #expect(zeros.context.shape == found.context.shape && zeros.pooled?.shape == pooled.shape)
    #expect(try zeros.context.absolute().maximum().item() == 0)
    #expect(try zeros.pooled?.absolute().maximum().item() == 0)
  }

  @Test func sdxlNegativeIsDiffusers() throws {
    let empty = try prompt("empty")
    let both = try sdxl()(
      prompt("short") + empty, secondIDs: (prompt("short") + empty).map(TextVAEFixtures.otherPadding))
    let negative = try both.context.narrowed(0, from: 1, length: 1)
    #expect(try largestDifference(negative, file.tensor("sdxl.negative.context")) < CLIPTests.tolerance)
    let pooled = try #require(both.pooled).narrowed(0, from: 1, length: 1)
    #expect(try largestDifference(pooled, file.tensor("sdxl.negative.pooled")) < CLIPTests.tolerance)
    let joined = try TextEmbedding.joined([sdxl()(prompt("short")), sdxl()(empty)])
    #expect(joined.context.shape == both.context.shape)
    #expect(throws: TextConditioningError.self) {
      try TextEmbedding.joined([both, TextEmbedding(context: both.context)])
    }
  }

  @Test func weightsKeepTheMean() throws {
    let weights = [facts.weights]
    let conditioning = try TextConditioning(TextVAEFixtures.encoder("l"))
    let found = try conditioning(prompt("pieces"), weights: weights)
    #expect(found.context.shape == [1, 154, 24])
    // The ratio of means multiplies what rounding left of them.
    #expect(try largestDifference(found.context, file.tensor("weighted.sd1")) < 1e-4)
    let two = try sdxl()(
      prompt("pieces"), secondIDs: prompt("pieces").map(TextVAEFixtures.otherPadding), weights: weights)
    #expect(try largestDifference(two.context, file.tensor("weighted.sdxl")) < 1e-4)
    #expect(try largestDifference(#require(two.pooled), file.tensor("weighted.sdxl.pooled")) < CLIPTests.tolerance)
  }

  @Test func weightsOfOneAndUnusedWeightsChangeNothing() throws {
    let conditioning = try TextConditioning(TextVAEFixtures.encoder("l"))
    let plain = try conditioning(prompt("pieces")).context
    let ones = [[[Float]]](repeating: .init(repeating: .init(repeating: 1, count: 77), count: 2), count: 1)
    #expect(try largestDifference(conditioning(prompt("pieces"), weights: ones).context, plain) == 0)
    let unused = try conditioning(prompt("pieces"), weights: [facts.weights], weighting: .none)
    #expect(try largestDifference(unused.context, plain) == 0)
  }

  /// A prompt's weights do not depend on its neighbours in a batch.
  @Test func weightedPromptsOfABatchAreTheirOwn() throws {
    let conditioning = try TextConditioning(TextVAEFixtures.encoder("l"))
    let one = Array(facts.weights.prefix(1))
    let ones = [[Float](repeating: 1, count: 77)]
    let batch = try conditioning(prompt("short") + prompt("long"), weights: [one, ones]).context
    let alone = try conditioning(prompt("short"), weights: [one]).context
    #expect(try largestDifference(batch.narrowed(0, from: 0, length: 1), alone) < CLIPTests.tolerance)
    let other = try conditioning(prompt("long")).context
    #expect(try largestDifference(batch.narrowed(0, from: 1, length: 1), other) < CLIPTests.tolerance)
  }

  @Test func whatDoesNotFitIsNamed() throws {
    let one = try TextConditioning(TextVAEFixtures.encoder("l"))
    let two = try sdxl()
    #expect(throws: TextConditioningError.shape("there is no piece of text")) { try one([]) }
    #expect(throws: TextConditioningError.shape("the prompts have [1, 2] pieces; give the shorter ones empty pieces")) {
      try one(prompt("short") + prompt("pieces"))
    }
    #expect(throws: TextConditioningError.shape("the pieces have [2, 3] tokens; all must be as long")) {
      try one([[[62, 63]], [[62, 1, 63]]])
    }
    #expect(throws: TextConditioningError.tooLong(78, limit: 77)) {
      try one([[[Int](repeating: 63, count: 78)]])
    }
    #expect(throws: TextConditioningError.unknownToken(64, count: 64)) { try one([[[62, 64, 63]]]) }
    #expect(throws: TextConditioningError.unknownToken(-1, count: 64)) { try one([[[62, -1, 63]]]) }
    #expect(throws: TextConditioningError.shape("there is not one weight for each token")) {
      try one([[[62, 63]]], weights: [[[1]]])
    }
    #expect(throws: TextConditioningError.shape("the two text encoders are given different numbers of pieces")) {
      try two(prompt("pieces"), secondIDs: prompt("short"))
    }
    #expect(throws: TextConditioningError.layer(5, available: 4)) { try sdxl(layer: 5) }
    #expect(throws: TextConditioningError.self) {
      try TextConditioning(TextVAEFixtures.encoder("l"), TextVAEFixtures.encoder("h"))
    }
  }

  @Test func aPieceWithoutEndHasNoPooledState() throws {
    var configuration = TextVAEFixtures.clip("g")
    configuration.endToken = TextVAEFixtures.end
    let source = try TextVAEFixtures.file("text", [.textEncoder2: "g."])
    let second = try CLIPTextEncoder(Parameters(source, .textEncoder2), configuration)
    let conditioning = try TextConditioning(TextVAEFixtures.encoder("l"), second)
    #expect(throws: TextConditioningError.noEnd(63)) { try conditioning([[[62, 5, 0]]]) }
    // The right end token and the quirk mean the same place.
    let found = try conditioning(prompt("short"), secondIDs: prompt("short").map(TextVAEFixtures.otherPadding))
    #expect(try largestDifference(#require(found.pooled), file.tensor("sdxl.skip0.pooled")) < CLIPTests.tolerance)
  }

  @Test func sizesAreInTheOrderOfSDXL() throws {
    let sizes = SizeConditioning(
      originalHeight: 1, originalWidth: 2, cropTop: 3, cropLeft: 4, targetHeight: 5, targetWidth: 6)
    let tensor = try SizeConditioning.tensor([sizes, SizeConditioning(height: 832, width: 1216)])
    #expect(tensor.shape == [2, 6])
    #expect(try tensor.array(of: Float.self) == [1, 2, 3, 4, 5, 6, 832, 1216, 0, 0, 832, 1216])
  }
}
