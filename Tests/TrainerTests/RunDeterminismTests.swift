import SafeTensors
import Testing
import Torch

@testable import Trainer

/// A run that is interrupted and resumed takes the steps of one that is not, bit for bit, whatever looks at it meanwhile.
@Suite struct RunDeterminismTests {
  /// One way of training.
  struct Case: Sendable, CustomTestStringConvertible {
    let testDescription: String
    var model = "sd1"
    var more = ""
    let change: @Sendable (inout CastConfiguration) -> Void
  }

  static let cases: [Case] = [
    Case(testDescription: "AdamW, shuffled captions, flips, random crops") { cast in
      cast.characters.mutateSubsets { subset in
        subset.captions.shuffles = true
        subset.captions.dropout = 0.2
        subset.captions.tagDropout = 0.2
        (subset.pictures.flips, subset.pictures.crop) = (true, .random)
      }
    },
    Case(testDescription: "Prodigy with a warm-up and every dropout") { cast in
      (cast.training.optimizer, cast.training.learningRate, cast.training.warmup) = (.prodigy, 1, 2)
      (cast.network.dropout, cast.network.rankDropout, cast.network.moduleDropout) = (0.2, 0.3, 0.2)
    },
    Case(testDescription: "schedule-free, apart, SDXL", model: "sdxl") { cast in
      (cast.training.optimizer, cast.training.warmup) = (.scheduleFree, 3)
      cast.network.mode = .separate
    },
    Case(testDescription: "moving average, cosine, two resolutions, apart with every loss") { cast in
      (cast.training.ema, cast.training.schedule, cast.network.mode) = (0.9, .cosine, .separate)
      cast.training.resolutions = [PixelSize(64), PixelSize(80)]
      (cast.training.bucketStep, cast.training.longestBucket, cast.training.te1Rate) = (16, 128, 0)
      (cast.losses.outputPreservation, cast.losses.tokenFocus, cast.losses.orthogonality) = (0.5, 0.1, 0.1)
      cast.losses.preservationEvery = 2
    },
    Case(testDescription: "sd-scripts' batches, accumulation, Adafactor, SD 2", model: "sd2") { cast in
      (cast.training.matching, cast.training.accumulation, cast.training.optimizer) = (.kohya, 2, .adafactor)
    },
    Case(
      testDescription: "groups and regularisation, Lion, largest norm",
      more: """
        [[group]]
        characters = ["Konrad", "Lisar"]
        images = "duo"
        [[regularization]]
        class = "1boy"
        pairs_with = ["Konrad"]
        target = "base"
        """
    ) { cast in
      (cast.training.optimizer, cast.network.maxNorm, cast.losses.noiseOffset) = (.lion, 0.01, 0.05)
      cast.losses.crossPrior = 0.5
    },
  ]

  static let steps = 4

  static func fixture(_ one: Case) throws -> CastFixture {
    var fixture = try CastFixture(one.model, more: one.more)
    try fixture.draw("konrad/wide", seed: 5, width: 128, height: 64, caption: "konrad, riding, a hat")
    try fixture.draw("duo/0", seed: 6, caption: "konrad, lisar, talking")
    fixture.cast.training.steps = steps
    one.change(&fixture.cast)
    return fixture
  }

  /// Everything that the next step would depend on.
  static func expectSame(_ one: TrainingRun, _ other: TrainingRun, _ comment: String = "") throws {
    for (a, b) in zip(one.network.parameters, other.network.parameters) {
      #expect(try a.name == b.name && a.tensor.bytes() == b.tensor.bytes(), "\(a.name) \(comment)")
    }
    for (a, b) in zip(try one.optimiser.state(), try other.optimiser.state()) {
      #expect(try a.name == b.name && a.tensor.bytes() == b.tensor.bytes(), "\(a.name) \(comment)")
    }
    for (a, b) in zip(one.average?.averages ?? [], other.average?.averages ?? []) {
      #expect(try a.tensor.bytes() == b.tensor.bytes(), "average of \(a.name) \(comment)")
    }
    #expect(one.average?.steps == other.average?.steps && one.step == other.step)
    #expect(one.source.state == other.source.state && one.stopping == other.stopping)
    #expect(one.exposure == other.exposure)
  }

  @Test(arguments: cases) func resumedRunsTakeTheSameSteps(_ one: Case) throws {
    let fixture = try Self.fixture(one)
    let (whole, told) = try fixture.run(one.model, output: "whole")
    try whole.run()
    #expect(told.losses.count == Self.steps && told.losses.allSatisfy { $0.isFinite && $0 > 0 })
    let (first, before) = try fixture.run(one.model, output: "parts", stop: 2)
    try first.run()
    #expect(before.isFinished == false && first.step == 2)
    let (rest, after) = try fixture.run(one.model, output: "parts") { $0.resumes = true }
    #expect(rest.step == 2)
    try rest.run()
    #expect(after.isFinished == true && before.losses + after.losses == told.losses)
    for (a, b) in zip(before.steps + after.steps, told.steps) {
      #expect(a.terms == b.terms && a.gradientNorm == b.gradientNorm && a.samples == b.samples)
      #expect(a.rates.map(\.rate) == b.rates.map(\.rate) && a.greatestNorm == b.greatestNorm)
    }
    try Self.expectSame(whole, rest)
    for (a, b) in zip(told.paths, after.paths) {
      #expect(try CastFixture.numbers(a) == CastFixture.numbers(b))
    }
    #expect(told.paths.count == whole.network.count)
  }

  static let lookedAt: [Case] = [
    Case(testDescription: "schedule-free, apart") {
      ($0.training.optimizer, $0.network.mode, $0.losses.crossPrior) = (.scheduleFree, .separate, 0)
    },
    Case(testDescription: "moving average") { $0.training.ema = 0.9 },
  ]

  @Test(arguments: lookedAt) func lookingChangesNothing(_ one: Case) throws {
    var fixture = try Self.fixture(one)
    fixture.cast.training.validation = 0.4
    let (plain, told) = try fixture.run(one.model, output: "plain")
    try plain.run()
    fixture.cast.training.validationEvery = 2
    (fixture.cast.output.every, fixture.cast.output.stateEvery) = (2, 3)
    (fixture.cast.preview.every, fixture.cast.preview.steps, fixture.cast.preview.leakEvery) = (3, 1, 2)
    (fixture.cast.preview.guidance, fixture.cast.preview.prompts) = (1, ["{class1}"])
    fixture.cast.preview.size = PixelSize(64)
    let (watched, seen) = try fixture.run(one.model, output: "watched", stop: 3)
    try watched.run()
    let (rest, after) = try fixture.run(one.model, output: "watched") { $0.resumes = true }
    try rest.run()
    #expect(seen.losses + after.losses == told.losses)
    #expect(seen.leaks.count + after.leaks.count == 2)
    #expect((seen.validations + after.validations).map(\.step) == [2, 4])
    try Self.expectSame(plain, rest)
    // The same numbers in the last files, and a checkpoint of the second step.
    #expect(try CastFixture.numbers(told.paths[0]) == CastFixture.numbers(after.paths[0]))
    #expect(Set(try rest.files.checkpoints().map(\.step)) == [2])
  }

  /// A run of four steps is after its third where a run of three ends.
  @Test func lengthMattersToTheScheduleAlone() throws {
    var fixture = try Self.fixture(Self.cases[0])
    let (long, _) = try fixture.run(output: "long", stop: 3)
    try long.run()
    fixture.cast.training.steps = 3
    let (short, _) = try fixture.run(output: "short")
    try short.run()
    try Self.expectSame(long, short)
    // A longer run goes on from the end of a shorter one.
    fixture.cast.training.steps = 4
    let (rest, _) = try fixture.run(output: "short") { $0.resumes = true }
    try rest.run()
    let (whole, _) = try fixture.run(output: "whole")
    try whole.run()
    try Self.expectSame(whole, rest)
  }

  @Test func anotherSeedIsAnotherRun() throws {
    var fixture = try Self.fixture(Self.cases[0])
    fixture.cast.training.steps = 1
    let (one, first) = try fixture.run(output: "one")
    try one.run()
    fixture.cast.training.seed = 2
    let (other, second) = try fixture.run(output: "other")
    try other.run()
    #expect(first.losses != second.losses)
    #expect(try one.network.parameters[0].tensor.bytes() != other.network.parameters[0].tensor.bytes())
  }
}

extension [CastConfiguration.Character] {
  mutating func mutateSubsets(_ change: (inout CastConfiguration.Subset) -> Void) {
    for character in indices {
      for subset in self[character].subsets.indices { change(&self[character].subsets[subset]) }
    }
  }
}
