import Diffusion
import Testing
import Torch

@testable import Trainer

/// What is measured while a run goes on.
@Suite struct RunLeakTests {
  private static func fixture(pictures: Int = 1) throws -> CastFixture {
    var fixture = try CastFixture(pictures: pictures)
    fixture.cast.network.targets = ["unet.**.attn2.to_k", "unet.**.attn2.to_v", "unet.**.attn2.to_out.0"]
    return fixture
  }

  @Test(arguments: CastConfiguration.Network.Mode.allCases) func untouchedLoRAsLeakNothing(
    _ mode: CastConfiguration.Network.Mode
  ) throws {
    var fixture = try Self.fixture()
    fixture.cast.network.mode = mode
    let run = try fixture.run().run
    let matrix = try LeakMatrix(run.objective, run.preparer, run.plan)
    #expect(matrix.names == ["Konrad", "Lisar"])
    #expect(matrix.values == [[0, 0], [0, 0]] && matrix.generic == [0, 0])
  }

  /// A change that is the same whatever the caption says: every trigger does what the own one does.
  @Test func whatIgnoresTheCaptionLeaksWholly() throws {
    var fixture = try Self.fixture()
    fixture.cast.network.targets = ["unet.**.proj_out"]
    let run = try fixture.run().run
    // These layers see the picture; of the caption only what attention has let through.
    try NetworkFixture.fill(run.network, 2)
    let matrix = try LeakMatrix(run.objective, run.preparer, run.plan)
    #expect(matrix.values[0][0] == 1 && matrix.values[1][1] == 1)
    #expect(matrix.values[0][1] > 0.9 && matrix.values[1][0] > 0.9 && matrix.generic.allSatisfy { $0 > 0.9 })
    let worst = try #require(matrix.worst)
    #expect(worst.value == max(matrix.values[0][1], matrix.values[1][0]))
  }

  /// The numbers straight from their definition, for one character.
  @Test func theNumbersAreThoseOfTheDefinition() throws {
    var fixture = try Self.fixture()
    fixture.cast.network.mode = .separate
    let run = try fixture.run().run
    try NetworkFixture.fill(run.network, 1)
    let matrix = try LeakMatrix(run.objective, run.preparer, run.plan)
    let captions = [
      "konrad, standing, a hat, red sky", "lisar, standing, a hat, red sky", "1boy, standing, a hat, red sky",
    ]
    #expect(run.plan.plainCaption(of: 0) == captions[0])
    var sums = [0.0, 0, 0]
    for (index, time) in [250, 500, 750].enumerated() {
      let sample = try #require(try run.preparer.measured(0, time: time, index: index))
      let input = try BatchInput([sample], run.objective.schedule, on: .cpu)
      let changes: [[Float]] = try captions.map { caption in
        let changed = try run.objective.prediction(input, [caption], [[0, 1]])
        return try (changed - run.objective.basePrediction(input, [caption])).array()
      }
      for place in 0..<3 {
        sums[place] += zip(changes[place], changes[0]).reduce(0) { $0 + Double($1.0) * Double($1.1) }
      }
    }
    for (one, other) in zip([matrix.values[0][0], matrix.values[0][1], matrix.generic[0]], sums) {
      #expect(abs(one - other / sums[0]) < 1e-4)
    }
    // Captions differ, so that triggers do.
    #expect(matrix.values[0][1] != 1 && matrix.generic[0] != 1)
  }

  /// Held-out pictures are measured under the same noise at the same times, and are never trained on.
  @Test func heldOutLossesDependOnTheWeightsAlone() throws {
    var fixture = try Self.fixture(pictures: 3)
    fixture.cast.training.validation = 0.4
    for index in fixture.cast.characters.indices {
      fixture.cast.characters[index].subsets[0].captions.shuffles = true
      fixture.cast.characters[index].subsets[0].pictures.flips = true
      fixture.cast.characters[index].subsets[0].pictures.crop = .random
    }
    let run = try fixture.run().run
    #expect(run.plan.heldOut.count == 2)
    for _ in 0..<6 {
      let step = try run.source.following()
      #expect(step.samples.allSatisfy { !run.plan.heldOut.contains($0.picture) })
    }
    let measured = try (0..<2).map { _ in
      try HeldOutLoss(run.objective, run.preparer).losses(run.plan, processes: SingleProcess())
    }
    #expect(measured[0] == measured[1] && measured[0].keys.sorted() == [0, 1])
    // The mean of squares at four times, straight from the networks.
    let number = try #require(run.plan.heldOut.min())
    var sum = 0.0
    for (index, time) in [200, 400, 600, 800].enumerated() {
      let sample = try #require(try run.preparer.measured(number, time: time, index: index))
      let input = try BatchInput([sample], run.objective.schedule, on: .cpu)
      let distance = try run.objective.prediction(input, [sample.caption], [[0]]) - input.noise(of: sample)
      sum += try (distance * distance).mean().item() / 4
    }
    #expect(abs((measured[0][0] ?? 0) - sum) < 1e-5 * sum)
    try NetworkFixture.fill(run.network, 1)
    #expect(try HeldOutLoss(run.objective, run.preparer).losses(run.plan, processes: SingleProcess()) != measured[0])
  }
}

extension BatchInput {
  /// What an ε model is asked for.
  fileprivate func noise(of sample: TrainingSample) -> Tensor { sample.noise.target }
}
