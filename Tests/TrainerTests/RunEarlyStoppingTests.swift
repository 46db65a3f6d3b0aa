import Foundation
import Testing
import Torch

@testable import Trainer

/// Characters that no longer learn stop, and keep what they measured best with.
@Suite struct RunEarlyStoppingTests {
  @Test func patienceCountsFromTheBest() {
    var stopping = EarlyStopping(patience: 20, count: 3)
    #expect(!stopping.allStopped)
    var (improved, ended) = stopping.note([0: 1, 1: 2], step: 10)
    #expect(improved == [0, 1] && ended.isEmpty)
    // The same loss again is none that is smaller.
    (improved, ended) = stopping.note([0: 1, 1: 1.5], step: 20)
    #expect(improved == [1] && ended.isEmpty)
    (improved, ended) = stopping.note([0: 1.1, 1: 1.6], step: 30)
    #expect(improved.isEmpty && ended == [0])
    #expect(stopping.members[0] == .init(best: 1, bestStep: 10, isStopped: true))
    // Whoever has stopped stays so; numbers that are not finite are no measurement.
    (improved, ended) = stopping.note([0: 0.1, 1: .nan, 2: .infinity, 7: 1], step: 60)
    #expect(improved.isEmpty && ended.isEmpty && stopping.members[0].best == 1)
    (improved, ended) = stopping.note([1: 1.5, 2: 3], step: 61)
    #expect(improved == [2] && ended == [1] && !stopping.allStopped)
    (improved, ended) = stopping.note([2: 3], step: 81)
    #expect(ended == [2] && stopping.allStopped)
    var patient = EarlyStopping(patience: nil, count: 1)
    for step in 0..<100 { #expect(patient.note([0: Double(step)], step: step).ended.isEmpty) }
    #expect(!EarlyStopping(patience: 1, count: 0).allStopped)
  }

  private static func fixture(
    _ change: (inout CastConfiguration) -> Void = { _ in }
  ) throws -> CastFixture {
    var fixture = try CastFixture()
    fixture.cast.network.targets = ["unet.**.attn2.to_k"]
    fixture.cast.training.steps = 4
    (fixture.cast.training.validation, fixture.cast.training.validationEvery) = (0.4, 1)
    fixture.cast.training.patience = 1
    fixture.cast.network.mode = .separate
    (fixture.cast.output.every, fixture.cast.output.stateEvery, fixture.cast.training.te1Rate) = (1, 100, 0)
    // Nothing changes what has no weight: its loss stays, and it stops after the second measurement.
    fixture.cast.characters[1].weight = 0
    (fixture.cast.training.learningRate, fixture.cast.losses.crossPrior) = (0.02, 0)
    change(&fixture.cast)
    return fixture
  }

  struct Kind: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let change: @Sendable (inout CastConfiguration) -> Void
  }

  static let kinds = [
    Kind(testDescription: "largest norm, orthogonality") {
      ($0.network.maxNorm, $0.losses.orthogonality, $0.losses.crossPrior) = (0.05, 0.1, 1)
    },
    Kind(testDescription: "moving average") { ($0.training.ema, $0.losses.crossPrior) = (0.9, 1) },
    Kind(testDescription: "schedule-free") { ($0.training.optimizer, $0.losses.crossPrior) = (.scheduleFree, 1) },
  ]

  /// The file of whoever stops holds, bit for bit and to the end, what measured best.
  @Test(arguments: kinds) func theBestIsKept(_ kind: Kind) throws {
    let fixture = try Self.fixture(kind.change)
    let (run, events) = try fixture.run()
    try run.run()
    let stopped = try #require(events.stopped.first)
    #expect(stopped.step < 4 && stopped.bestStep < stopped.step)
    for one in events.stopped {
      let best = try CastFixture.numbers(run.files.lora(one.character, step: one.bestStep))
      for step in one.step..<run.step {
        #expect(try CastFixture.numbers(run.files.lora(one.character, step: step)) == best, "step \(step)")
      }
      #expect(try CastFixture.numbers(run.files.lora(one.character)) == best)
      let measured = events.validations.filter { $0.step >= one.step }.compactMap { $0.losses[one.character] }
      #expect(measured.dropFirst().allSatisfy { $0 == one.best })
    }
    // A run that is resumed after somebody stopped is the same.
    let (first, before) = try fixture.run(output: "parts", stop: stopped.step)
    try first.run()
    #expect(before.stopped.count > 0)
    guard first.step < run.step else { return }
    let (rest, _) = try fixture.run(output: "parts") { $0.resumes = true }
    try rest.run()
    try RunDeterminismTests.expectSame(run, rest)
    for lora in 0..<2 {
      #expect(try CastFixture.numbers(rest.files.lora(lora)) == CastFixture.numbers(run.files.lora(lora)))
    }
  }

  @Test func theRunEndsWithTheLast() throws {
    let fixture = try Self.fixture { cast in
      for index in cast.characters.indices { cast.characters[index].weight = 0 }
    }
    let (run, events) = try fixture.run()
    try run.run()
    #expect(run.step == 2 && events.isFinished == true && events.stopped.map(\.step) == [2, 2])
    #expect(events.paths.allSatisfy { FileManager.default.fileExists(atPath: $0) })
    let (again, told) = try fixture.run { $0.resumes = true }
    try again.run()
    #expect(again.step == 2 && told.steps.isEmpty && told.isFinished == true)
  }

  /// One LoRA for all goes on without the samples of whoever stopped.
  @Test func sharedLoRAsLeaveSamplesOut() throws {
    let fixture = try Self.fixture { ($0.network.mode, $0.training.patience, $0.output.every) = (.shared, 3, 0) }
    let (run, events) = try fixture.run()
    // Lisar measured so well before that nothing is better, three steps ago when it is the third step.
    run.stopping.members[1].best = 0
    try run.run()
    #expect(events.stopped.first?.character == 1 && events.stopped.first?.step == 3)
    for record in events.steps {
      let target = try #require(record.terms[.target])
      #expect((target[1] != nil) == (record.step <= 3) && target[0] != nil && record.samples == 2)
    }
    #expect(run.step == 4 || events.stopped.count == 2)
    // The divisor stays, so that the others' pull does.
    let last = try #require(events.steps.last)
    #expect(abs(last.loss - (last.terms[.target]?[0] ?? 0) / 2) < 1e-6 * last.loss)
  }

  /// Without held-out pictures nobody can stop.
  @Test func nothingStopsWithoutMeasurements() throws {
    let fixture = try Self.fixture { ($0.training.validation, $0.training.steps) = (0, 3) }
    let plan = try fixture.plan()
    #expect(plan.heldOut.isEmpty && plan.notes.contains { $0.contains("patience does nothing") })
    let (run, events) = try fixture.run()
    try run.run()
    #expect(run.step == 3 && events.validations.isEmpty && run.stopping.patience == nil)
  }
}
